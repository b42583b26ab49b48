// CRC-64 as in ECMA-182 (not reflected, initial value 0), by which Vector fingerprints the first lines of a file. Computed in
// two 32-bit halves, which takes 8 us per kilobyte. With bigints it takes 0.4 ms, or four seconds for 10,000 files.
const HIGH = 0x42f0e1eb;
const LOW = 0xa9ea3693;

const highs = new Uint32Array(256);
const lows = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = byte << 24;
  let low = 0;
  for (let bit = 0; bit < 8; bit++) {
    const carry = high < 0;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
    if (carry) {
      high ^= HIGH;
      low ^= LOW;
    }
  }
  highs[byte] = high;
  lows[byte] = low;
}

export class Crc64 {
  private high = 0;
  private low = 0;

  add(bytes: Uint8Array): this {
    let { high, low } = this;
    for (const byte of bytes) {
      const at = ((high >>> 24) ^ byte) & 0xff;
      high = ((high << 8) | (low >>> 24)) ^ (highs[at] as number);
      low = (low << 8) ^ (lows[at] as number);
    }
    this.high = high;
    this.low = low;
    return this;
  }

  get value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }
}
