// Errors for wrong usage of the command line (one sentence, with a hint, exit code 64), and parsers for option values.
import { nearestWord } from "../../config/faults/suggest.ts";
import { parseDuration, parseSize } from "../../core/units.ts";
import { EXIT, SpillwayError } from "../../core/errors.ts";

export function usageFault(message: string, hint?: string): SpillwayError {
  return new SpillwayError("usage", message, hint === undefined ? { exit: EXIT.usage } : { exit: EXIT.usage, hint });
}

/** `; did you mean X?` if a known word is similar, else an empty string. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearestWord(word, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

export function readDuration(text: string, flags: string): number {
  return quantity(parseDuration(text), text, flags);
}

export function readSize(text: string, flags: string): number {
  return quantity(parseSize(text), text, flags);
}

export function readCount(text: string, flags: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageFault(`${longName(flags)} is \`${text}\`, needs a whole number`);
}

function quantity(read: ReturnType<typeof parseSize>, text: string, flags: string): number {
  if (typeof read === "number") return read;
  throw usageFault(`${longName(flags)} is \`${text}\`, ${read.why}`, read.help);
}

export function longName(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}
