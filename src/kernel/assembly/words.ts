// Recognises level words and the names of fields that hold a level. Compares them as one 64-bit word, ignoring case.

/** Per word: its ASCII bytes, the first in the lowest byte, and its index into LEVELS of core/options.ts. */
const WORDS: usize = memory.data<u64>([
  0x4543415254, 0, // TRACE
  0x4755424544, 1, // DEBUG
  0x4f464e49, 2, // INFO
  0x454349544f4e, 3, // NOTICE
  0x4e524157, 4, // WARN
  0x474e494e524157, 4, // WARNING
  0x525245, 5, // ERR
  0x524f525245, 5, // ERROR
  0x455245564553, 5, // SEVERE
  0x54495243, 6, // CRIT
  0x4c41434954495243, 6, // CRITICAL
  0x5452454c41, 7, // ALERT
  0x4752454d45, 8, // EMERG
  0x4c41544146, 8, // FATAL
  0x43494e4150, 8, // PANIC
  0x43494e415044, 8, // DPANIC, of zap
], 16);
const WORDS_END: usize = WORDS + 16 * 16;

/** The first `length` bytes, at most 8, in upper case. No other byte becomes a letter. */
// @ts-ignore: decorator
@inline
function fold(p: usize, length: usize): u64 {
  const folded = load<u64>(p) & 0xdfdfdfdfdfdfdfdf;
  return length < 8 ? folded & ((u64(1) << (u64(length) << 3)) - 1) : folded;
}

/** The level if these bytes are exactly one level word, or -1. */
export function levelWord(p: usize, length: usize): i32 {
  if (length < 3 || length > 8) return -1;
  const word = fold(p, length);
  for (let entry = WORDS; entry < WORDS_END; entry += 16) {
    if (load<u64>(entry) == word) return i32(load<u64>(entry + 8));
  }
  return -1;
}

/** Whether the name is one of level, lvl, severity, loglevel, levelname, log.level */
export function isLevelName(p: usize, length: usize): bool {
  const name = fold(p, length);
  if (length == 3) return name == 0x4c564c;
  if (length == 5) return name == 0x4c4556454c;
  if (length == 8) return name == 0x5954495245564553 || name == 0x4c4556454c474f4c;
  if (length != 9) return false;
  const last: u32 = load<u8>(p + 8) & 0xdf;
  if (last == 69) return name == 0x4d414e4c4556454c;
  return last == 76 && load<u8>(p + 3) == 46 && name == 0x4556454c0e474f4c;
}

/** Whether a word of at most 8 letters is all upper case. */
export function isUpper(p: usize, length: usize): bool {
  const mask: u64 = length < 8 ? (u64(1) << (u64(length) << 3)) - 1 : ~u64(0);
  return (load<u64>(p) & 0x2020202020202020 & mask) == 0;
}
