// Finds the level of a record, for its document and for policies that always keep some levels. Precision before recall: a record
// without a clear level has none. test/kernel/level.reference.ts defines the same in regular expressions.
//
// JSON (begins with {): the first field at the top level, or in a top-level `log`, that is named level, lvl, severity,
//   loglevel, levelname or log.level and whose value is a level word or one of pino's 10 20 30 40 50 60.
// klog: E1124 06:40:12 ... at the very start.
// Other text: the first match that begins within the first 256 bytes and outside of double quotes
//   - level=word, or another of the names, with or without quotes (logfmt);
//   - a level word in capitals between delimiters (not in a path, a key, a longer name: ERROR_CODE, /ERROR, x=ERROR);
//   - a level word in any case as [word], [module:word] (nginx, Apache) or <word>;
//   - a level word in any case before a colon, at the very start or after the program of a syslog line (`sshd[7]: error: `).
// Case matters only where capitals are required. Colour sequences (ESC [, digits and semicolons, a letter) count as delimiters.
import { jsonLevel } from "./level-json";
import { textLevel } from "./level-text";
import { isDigit } from "./level-word";

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

export function levelOf(s: usize, end: usize): i32 {
  if (s >= end) return -1;
  let first = s;
  while (first < end && (load<u8>(first) == 32 || load<u8>(first) == 9)) first++;
  if (first < end && load<u8>(first) == 123) return jsonLevel(first, end);
  const found = klog(s, end);
  return found >= 0 ? found : textLevel(s, end);
}
