// Lines as Docker's json-file driver writes them: `{"log":"message\n","stream":"stdout","time":"2026-..."}`, with more keys if
// labels are logged. A message without \n at its end continues in the next line of the same stream.
import { closingQuote } from "./json/string.ts";
import { asItStands, type Line, type LineFormat } from "./line-format.ts";
import { rfc3339 } from "./rfc3339.ts";

const QUOTE = 34;
const BACKSLASH = 92;

export const DOCKER: LineFormat = {
  records: "wrapped",
  read(bytes, from, to, line) {
    asItStands(line, from, to);
    let end = to;
    if (end > from && bytes[end - 1] === 13) end--;
    if (bytes[from] !== 123 || bytes[end - 1] !== 125) return;
    line.stream = 0;
    line.from = -1;
    if (!members(bytes, from + 1, end - 1, line) || line.from < 0) asItStands(line, from, to);
  },
};

/** Reads `"key":value,...`; false if the line has another form. */
function members(bytes: Buffer, at: number, end: number, line: Line): boolean {
  for (;;) {
    if (bytes[at] !== QUOTE) return false;
    const colon = closingQuote(bytes, at + 1, end) + 1;
    if (colon === 0 || bytes[colon] !== 58) return false;
    const value = colon + 1;
    const stop = valueEnd(bytes, value, end);
    if (stop < 0) return false;
    if (bytes[value] === QUOTE) member(bytes, at + 1, colon - 1, value + 1, stop - 1, line);
    if (stop === end) return true;
    if (bytes[stop] !== 44) return false;
    at = stop + 1;
  }
}

function member(bytes: Buffer, key: number, keyEnd: number, from: number, to: number, line: Line): void {
  if (is(bytes, key, keyEnd, "log")) {
    const ended = endsWithNewline(bytes, from, to);
    line.part = ended ? "whole" : "partial";
    line.from = from;
    line.to = ended ? to - 2 : to;
    line.text = "json";
  } else if (is(bytes, key, keyEnd, "stream")) line.stream = is(bytes, from, to, "stderr") ? 1 : 0;
  else if (is(bytes, key, keyEnd, "time")) line.time = rfc3339(bytes, from, to);
}

/** Whether the string ends with the escape \n, not with an escaped backslash and an n. */
function endsWithNewline(bytes: Buffer, from: number, to: number): boolean {
  if (to - from < 2 || bytes[to - 1] !== 110) return false;
  let at = to - 1;
  while (at > from && bytes[at - 1] === BACKSLASH) at--;
  return (to - 1 - at) % 2 === 1;
}

/** End of the value that begins at `at`; -1 if it has none. */
function valueEnd(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at];
  if (first === QUOTE) return closingQuote(bytes, at + 1, end) + 1 || -1;
  if (first === 123 || first === 91) return nestedEnd(bytes, at, end);
  while (at < end && bytes[at] !== 44 && bytes[at] !== QUOTE) at++;
  return at;
}

function nestedEnd(bytes: Buffer, at: number, end: number): number {
  for (let depth = 0; at < end; at++) {
    const byte = bytes[at];
    if (byte === 123 || byte === 91) depth++;
    else if ((byte === 125 || byte === 93) && --depth === 0) return at + 1;
    else if (byte === QUOTE) {
      at = closingQuote(bytes, at + 1, end);
      if (at < 0) return -1;
    }
  }
  return -1;
}

function is(bytes: Buffer, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false;
  return true;
}
