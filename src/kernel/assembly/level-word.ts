// Checks if one word of a text is its level, or the name of a level that follows (`level=warn`). level.ts has the rules.
import { isLevelName, isUpper, levelWord } from "./words";

/** Only words that begin within so many bytes of the text are tested. */
export const WINDOW: usize = 256;

// @ts-ignore: decorator
@inline
export function isLetter(byte: u32): bool {
  return (byte | 32) - 97 < 26;
}

// @ts-ignore: decorator
@inline
export function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

// @ts-ignore: decorator
@inline
function byteAt(p: usize, end: usize): u32 {
  return p < end ? load<u8>(p) : 32;
}

/** Bit n of the two masks stands for byte n. A switch would be a jump that the processor cannot predict. */
// @ts-ignore: decorator
@inline
function isOneOf(byte: u32, below64: u64, below128: u64): bool {
  return byte < 128 && (((byte < 64 ? below64 : below128) >> u64(byte & 63)) & 1) != 0;
}

/** What may precede a level word: the start of the text, space, tab, ESC, ' ( * , - : ; < > [ { | */
// @ts-ignore: decorator
@inline
function opens(byte: u32): bool {
  return isOneOf(byte, 0x5c00358108000200, 0x1800000008000000);
}

/** What may follow a level word: the end of the text, space, tab, ESC, ' ) * , - / : ; > ] | } */
// @ts-ignore: decorator
@inline
function closes(byte: u32): bool {
  return isOneOf(byte, 0x4c00b68108000200, 0x3000000020000000);
}

/** The level whose word begins at `p`, after `level=`, or -1. */
function assigned(p: usize, end: usize): i32 {
  if (byteAt(p, end) == 34) p++;
  let stop = p;
  while (stop < end && isLetter(load<u8>(stop))) stop++;
  const after = byteAt(stop, end);
  return closes(after) || after == 34 ? levelWord(p, stop - p) : -1;
}

/** Whether a level word that is not in capitals is in a place where only a level would be: see level.ts. */
function isClear(s: usize, word: usize, before: u32, after: u32): bool {
  if (after == 93) return before == 91 || before == 58;
  if (after == 62) return before == 60;
  if (after != 58) return false;
  if (word == s) return true;
  return word >= s + 3 && before == 32 && load<u8>(word - 2) == 58 && load<u8>(word - 3) == 93;
}

/** Whether the letter at `p` ends a colour sequence. */
function endsColour(s: usize, p: usize): bool {
  while (p > s && (isDigit(load<u8>(p - 1)) || load<u8>(p - 1) == 59)) p--;
  return p >= s + 2 && load<u8>(p - 1) == 91 && load<u8>(p - 2) == 27;
}

/** The level that the letters [word, stop) of the text [s, end) are, or name by `=`. -1: none. */
export function wordLevel(s: usize, end: usize, word: usize, stop: usize): i32 {
  let before: u32 = word > s ? load<u8>(word - 1) : 32;
  if (endsColour(s, word)) {
    word++;
    before = 27;
  }
  if (word >= s + WINDOW || !opens(before)) return -1;
  const after = byteAt(stop, end);
  if (after == 61) return isLevelName(word, stop - word) ? assigned(stop + 1, end) : -1;
  if (!closes(after)) return -1;
  const found = levelWord(word, stop - word);
  return found >= 0 && (isUpper(word, stop - word) || isClear(s, word, before, after)) ? found : -1;
}
