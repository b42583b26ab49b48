// Writes milliseconds since 1970 as RFC 3339 in UTC, 24 bytes: 2026-11-24T06:40:12.000Z.
import { two } from "./decimal";

const DAY: i64 = 86400000;
const FIRST: f64 = -62167219200000; // 0000-01-01T00:00:00.000Z
const BEYOND: f64 = 253402300800000; // 10000-01-01T00:00:00.000Z

export const TIME_BYTES: usize = 24;

/** Whether four digits can hold the year. False for NaN. */
// @ts-ignore: decorator
@inline
export function hasTime(ms: f64): bool {
  return ms >= FIRST && ms < BEYOND;
}

/** Writes TIME_BYTES bytes. Returns their end. */
export function writeTime(d: usize, time: f64): usize {
  const ms = i64(Math.floor(time));
  const day = ms >= 0 ? ms / DAY : (ms - DAY + 1) / DAY;
  const rest = u32(ms - day * DAY);
  // Days since -0400-03-01. Years begin in March here, so that the leap day is the last day of its year.
  const n = u32(day + 719468 + 146097);
  const era = n / 146097;
  const ofEra = n - era * 146097;
  const yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const march = (5 * ofYear + 2) / 153;
  const month = march < 10 ? march + 3 : march - 9;
  const year = era * 400 + yearOfEra - 400 + u32(month <= 2);
  two(d, year / 100);
  two(d + 2, year % 100);
  store<u8>(d + 4, 45);
  two(d + 5, month);
  store<u8>(d + 7, 45);
  two(d + 8, ofYear - (153 * march + 2) / 5 + 1);
  store<u8>(d + 10, 84);
  two(d + 11, rest / 3600000);
  store<u8>(d + 13, 58);
  two(d + 14, (rest / 60000) % 60);
  store<u8>(d + 16, 58);
  two(d + 17, (rest / 1000) % 60);
  store<u8>(d + 19, 46);
  const milli = rest % 1000;
  store<u8>(d + 20, u8(48 + milli / 100));
  two(d + 21, milli % 100);
  store<u8>(d + 23, 90);
  return d + TIME_BYTES;
}
