// Writes numbers as decimal text. Converts 8 digits at a time in one 64-bit word, without a division per digit.

/** The 8 digits of a number below 10^8, as ASCII, the most significant digit in the lowest byte. */
// @ts-ignore: decorator
@inline
function eight(n: u64): u64 {
  const high = (n * 109951163) >> 40; // n / 10^4
  let v = high | ((n - high * 10000) << 32);
  let q = ((v * 10486) >> 20) & 0x0000007f0000007f; // each half / 100
  v = q | ((v - q * 100) << 16);
  q = ((v * 103) >> 10) & 0x000f000f000f000f; // each quarter / 10
  v = q | ((v - q * 10) << 8);
  return v | 0x3030303030303030;
}

/** The number of decimal digits of `n`, which is below 10^16. */
export function width(n: u64): usize {
  let digits: usize = 1;
  for (let power: u64 = 10; n >= power; power *= 10) digits++;
  return digits;
}

/** 10^digits: the smallest number that has more digits. */
export function power(digits: usize): u64 {
  let n: u64 = 1;
  for (let i: usize = 0; i < digits; i++) n *= 10;
  return n;
}

/** Writes `n`, below 10^16, which has `digits` digits. May write up to 7 more bytes after them. Returns the end of the digits. */
export function decimal(d: usize, n: u64, digits: usize): usize {
  if (digits <= 8) {
    store<u64>(d, eight(n) >> (u64(8 - digits) << 3));
  } else {
    const high = n / 100000000;
    store<u64>(d, eight(high) >> (u64(16 - digits) << 3));
    store<u64>(d + digits - 8, eight(n - high * 100000000));
  }
  return d + digits;
}

/** Writes a number below 100 as exactly two digits. */
// @ts-ignore: decorator
@inline
export function two(d: usize, n: u32): void {
  const tens = (n * 103) >> 10;
  store<u16>(d, u16((tens | ((n - tens * 10) << 8)) | 0x3030));
}
