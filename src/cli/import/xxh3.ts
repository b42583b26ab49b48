// 64-bit XXH3 of 32 bytes, the only length needed: Fluent Bit stores this hash of the bytes before its offset.
export const XXH3_BYTES = 32;

const MASK = (1n << 64n) - 1n;
const PRIME = 0x9e3779b185ebca87n;
const LAST = 0x165667919e3779f9n;
/** The first words of the secret that the algorithm defines, little-endian. */
const SECRET = [0xbe4ba423396cfeb8n, 0x1cad21f72c81017cn, 0xdb979083e96dd4den, 0x1f67b3b7a4a44072n] as const;

export function xxh3(bytes: Buffer): bigint {
  const words = [0, 8, 16, 24].map((at) => bytes.readBigUInt64LE(at)) as [bigint, bigint, bigint, bigint];
  let sum = BigInt(XXH3_BYTES) * PRIME;
  sum += fold(words[0] ^ SECRET[0], words[1] ^ SECRET[1]);
  sum += fold(words[2] ^ SECRET[2], words[3] ^ SECRET[3]);
  sum &= MASK;
  sum ^= sum >> 37n;
  sum = (sum * LAST) & MASK;
  return sum ^ (sum >> 32n);
}

/** XORs the two halves of the product. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK) ^ (product >> 64n);
}
