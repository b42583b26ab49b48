// The level of a record, for records that a policy always keeps. Precision before recall: a record without a clear
// level has none. test/kernel/level.twin.ts says the same in regular expressions.
//
// JSON (begins with {): the value of the first field at the top, or in `log` at the top, whose name is level, lvl,
//   severity, loglevel, levelname or log.level and whose value is a level word, or pino's 10 20 30 40 50 60.
// klog: E1124 06:40:12 ... at the very start.
// Other text: the first word that qualifies among those that begin within 256 bytes and outside of double quotes
//   - level=word, or another of the names, with or without quotes (logfmt);
//   - a level word in capitals between delimiters (not in a path, a key, a longer name: ERROR_CODE, /ERROR, x=ERROR);
//   - one in any letters as [word], [module:word] (nginx, Apache) or <word>;
//   - one in any letters before a colon, at the very start or behind the program of a syslog line (`sshd[7]: error: `).
// Case matters only where it says capitals. Colour sequences (ESC [ ... letter) count as delimiters.
import { jsonLevel } from "./level-json";
import { isLevelName, isUpper, levelWord } from "./words";
import { closing } from "./memory";

const WINDOW: usize = 256;

// @ts-ignore: decorator
@inline
function isLetter(byte: u32): bool {
  return (byte | 32) - 97 < 26;
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** Start of the text, space, tab, ESC, ' ( * , - : ; < > [ { | */
function opens(byte: u32): bool {
  switch (byte) {
    case 9: case 27: case 32: case 39: case 40: case 42: case 44: case 45:
    case 58: case 59: case 60: case 62: case 91: case 123: case 124:
      return true;
    default:
      return false;
  }
}

/** End of the text, space, tab, ESC, ' ) * , - / : ; > ] | } */
function closes(byte: u32): bool {
  switch (byte) {
    case 9: case 27: case 32: case 39: case 41: case 42: case 44: case 45:
    case 47: case 58: case 59: case 62: case 93: case 124: case 125:
      return true;
    default:
      return false;
  }
}

// @ts-ignore: decorator
@inline
function wordEnd(p: usize, end: usize): usize {
  while (p < end && isLetter(load<u8>(p))) p++;
  return p;
}

// @ts-ignore: decorator
@inline
function byteAt(p: usize, end: usize): u32 {
  return p < end ? load<u8>(p) : 32;
}

function klog(s: usize, end: usize): i32 {
  if (s + 9 > end || load<u8>(s + 5) != 32 || load<u8>(s + 8) != 58) return -1;
  for (let i: usize = 1; i < 8; i++) if (i != 5 && !isDigit(load<u8>(s + i))) return -1;
  switch (load<u8>(s)) {
    case 73: return 2; // I
    case 87: return 4; // W
    case 69: return 5; // E
    case 70: return 8; // F
    default: return -1;
  }
}

/** The level behind `level=`, or -1. */
function assigned(p: usize, end: usize): i32 {
  if (byteAt(p, end) == 34) p++;
  const stop = wordEnd(p, end);
  const after = byteAt(stop, end);
  return closes(after) || after == 34 ? levelWord(p, stop - p) : -1;
}

/** Whether a level word that is not in capitals stands where only a level would. */
function isClear(s: usize, word: usize, before: u32, after: u32): bool {
  if (after == 93) return before == 91 || before == 58;
  if (after == 62) return before == 60;
  if (after != 58) return false;
  if (word == s) return true;
  return word >= s + 3 && before == 32 && load<u8>(word - 2) == 58 && load<u8>(word - 3) == 93;
}

function textLevel(s: usize, end: usize): i32 {
  const window = min(end, s + WINDOW);
  let before: u32 = 32;
  for (let p = s; p < window; ) {
    const byte: u32 = load<u8>(p);
    if (byte == 34) {
      p = closing(p + 1, end) + 1;
      before = 34;
    } else if (byte == 27 && byteAt(p + 1, end) == 91) {
      p += 2;
      while (p < end && !isLetter(load<u8>(p))) p++;
      p++;
      before = 27;
    } else if (isLetter(byte)) {
      const stop = wordEnd(p, end);
      const after = byteAt(stop, end);
      if (opens(before)) {
        let found: i32 = -1;
        if (after == 61) found = isLevelName(p, stop - p) ? assigned(stop + 1, end) : -1;
        else if (closes(after)) found = levelWord(p, stop - p);
        if (found >= 0 && (after == 61 || isUpper(p, stop - p) || isClear(s, p, before, after))) return found;
      }
      p = stop;
      before = 97;
    } else {
      before = byte;
      p++;
    }
  }
  return -1;
}

export function levelOf(s: usize, end: usize): i32 {
  if (s >= end) return -1;
  let first = s;
  while (first < end && (load<u8>(first) == 32 || load<u8>(first) == 9)) first++;
  if (byteAt(first, end) == 123) return jsonLevel(first, end);
  const found = klog(s, end);
  return found >= 0 ? found : textLevel(s, end);
}
