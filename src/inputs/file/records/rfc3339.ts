// Parses times like 2026-11-24T06:40:12.123456789Z or ...+01:00 from bytes, without making a string.

const ZERO = 48;

/** Milliseconds since 1970 of the time in bytes[from, to), finer digits cut off; NaN unless the bytes are exactly one time. */
export function rfc3339(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 20 || bytes[from + 4] !== 45 || bytes[from + 7] !== 45) return NaN;
  if (bytes[from + 13] !== 58 || bytes[from + 16] !== 58) return NaN;
  const between = bytes[from + 10];
  if (between !== 84 && between !== 116 && between !== 32) return NaN;
  const year = two(bytes, from) * 100 + two(bytes, from + 2);
  const [month, day] = [two(bytes, from + 5), two(bytes, from + 8)];
  const [hour, minute, second] = [two(bytes, from + 11), two(bytes, from + 14), two(bytes, from + 17)];
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61)) return NaN;
  let at = from + 19;
  let ms = 0;
  if (bytes[at] === 46) {
    for (let scale = 100; isDigit(bytes[++at]) && at < to; scale = Math.floor(scale / 10))
      ms += scale * digit(bytes, at);
    if (at === from + 20) return NaN;
  }
  return daysSince1970(year, month, day) * 86_400_000 + clock(hour, minute, second) + ms - zone(bytes, at, to);
}

/** The same for a time at the start of bytes[from, to); anything may follow. */
export function leadingRfc3339(bytes: Uint8Array, from: number, to: number): number {
  let end = from + 19;
  if (bytes[end] === 46)
    do end++;
    while (isDigit(bytes[end]));
  end += bytes[end] === 43 || bytes[end] === 45 ? 6 : 1;
  return end <= to ? rfc3339(bytes, from, end) : NaN;
}

function daysSince1970(year: number, month: number, day: number): number {
  // Years are counted from March, so that a leap day is the last day of its year.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function clock(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Milliseconds east of Greenwich; NaN if bytes[at, to) is no zone. */
function zone(bytes: Uint8Array, at: number, to: number): number {
  const sign = bytes[at];
  if (sign === 90 || sign === 122) return at + 1 === to ? 0 : NaN;
  if ((sign !== 43 && sign !== 45) || at + 6 !== to || bytes[at + 3] !== 58) return NaN;
  const east = clock(two(bytes, at + 1), two(bytes, at + 4), 0);
  return sign === 43 ? east : -east;
}

function two(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

function digit(bytes: Uint8Array, at: number): number {
  return isDigit(bytes[at]) ? (bytes[at] as number) - ZERO : NaN;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 10;
}
