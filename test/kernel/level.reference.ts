// The rules of src/kernel/assembly/level.ts, written as regular expressions over Latin-1 text.
/* oxlint-disable eslint/no-control-regex -- ESC begins a colour sequence */
import { LEVELS } from "../../src/core/options.ts";

const WORDS: Readonly<Record<string, (typeof LEVELS)[number]>> = {
  TRACE: "trace",
  DEBUG: "debug",
  INFO: "info",
  NOTICE: "notice",
  WARN: "warn",
  WARNING: "warn",
  ERR: "error",
  ERROR: "error",
  SEVERE: "error",
  CRIT: "critical",
  CRITICAL: "critical",
  ALERT: "alert",
  EMERG: "fatal",
  FATAL: "fatal",
  PANIC: "fatal",
  DPANIC: "fatal",
};
const NAME = /^(?:level|lvl|severity|loglevel|levelname|log\.level)$/i;
const NAME_OF_LETTERS = /^(?:level|lvl|severity|loglevel|levelname)$/i;
const OPENS = /[\t\x1b '(*,\-:;<>[{|]/;
const CLOSES = /[\t\x1b ')*,\-/:;>\]|}]/;

function wordLevel(word: string): number {
  const level = WORDS[word.toUpperCase()];
  return level === undefined ? -1 : LEVELS.indexOf(level);
}

function klog(text: string): number {
  const match = /^([IWEF])\d{4} \d\d:/.exec(text);
  return match === null ? -1 : ({ I: 2, W: 4, E: 5, F: 8 }[match[1] as string] ?? -1);
}

/** Tokens: quoted strings, colour sequences and words. Everything else is a delimiter. */
const TOKEN = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|\x1b\[[0-9;]*[A-Za-z]|[A-Za-z]+/g;

function textLevel(text: string): number {
  let last = { end: 0, kind: " " };
  for (const match of text.matchAll(TOKEN)) {
    const start = match.index;
    const token = match[0];
    if (start >= 256) break;
    const before = start === last.end ? last.kind : (text[start - 1] as string);
    const end = start + token.length;
    const after = text[end] ?? " ";
    last = { end, kind: token.startsWith('"') ? '"' : token.startsWith("\x1b") ? "\x1b" : "a" };
    if (!/^[A-Za-z]/.test(token) || !OPENS.test(before)) continue;
    if (after === "=") {
      const value = /^"?([A-Za-z]*)([^])?/.exec(text.slice(end + 1)) as RegExpExecArray;
      const closed = value[2] === undefined || value[2] === '"' || CLOSES.test(value[2]);
      const found = NAME_OF_LETTERS.test(token) && closed ? wordLevel(value[1] as string) : -1;
      if (found >= 0) return found;
    } else if (CLOSES.test(after) && wordLevel(token) >= 0) {
      const bracketed = (after === "]" && /[[:]/.test(before)) || (after === ">" && before === "<");
      const labels = after === ":" && (start === 0 || (before === " " && text.slice(0, start).endsWith("]: ")));
      if (token === token.toUpperCase() || bracketed || labels) return wordLevel(token);
    }
  }
  return -1;
}

/** Walks the tokens of text that looks like JSON but may not be. */
function jsonLevel(text: string): number {
  const token = /"((?:[^"\\]|\\[^])*)"([\0- ]*:[\0- ]*)?|["{}[\]]/g;
  let depth = 0;
  let inLog = false;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, name, colon] = match;
    if (whole === '"') return -1; // never closed
    if (name === undefined) {
      depth += /[{[]/.test(whole) ? 1 : -1;
      if (depth <= 0) return -1;
      if (depth === 1 && /[}\]]/.test(whole)) inLog = false;
    } else if (colon !== undefined && depth <= (inLog ? 2 : 1)) {
      const rest = text.slice(token.lastIndex);
      if (NAME.test(name)) {
        const value = /^"((?:[^"\\]|\\[^])*)"/.exec(rest);
        const number = /^([1-6])0(?=[\0- ,}])/.exec(rest);
        const found = value ? wordLevel(value[1] as string) : number ? [0, 1, 2, 4, 5, 8][Number(number[1]) - 1] : -1;
        if (found !== undefined && found >= 0) return found;
      }
      if (depth === 1 && name === "log" && rest.startsWith("{")) inLog = true;
    }
  }
  return -1;
}

export function level(record: Uint8Array): number {
  const text = Buffer.from(record).toString("latin1");
  const start = /^[ \t]*/.exec(text)?.[0].length ?? 0;
  if (text[start] === "{") return jsonLevel(text.slice(start));
  const found = klog(text);
  return found >= 0 ? found : textLevel(text);
}
