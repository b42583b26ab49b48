// Matches the configuration's patterns in bounded time, whatever the text. V8's usual engine backtracks: `^(\w+\s?)*$` never
// finishes on a line of 60 letters. V8 also has a linear engine, whose time grows only with the text. It takes over where the
// usual engine backtracks too often, and it gets texts longer than those that the usual engine has been fast with so far.
//
// Measured with Node 26.10 and the slowest patterns found: the usual engine gives up after 2,000 backtracks, which take 3 ms in 1
// KiB and 18 ms in 4 KiB; the linear engine takes 0.1 us per byte, 1.2 us for `(.*a){16}`. Ordinary patterns on ordinary lines
// stay with the usual engine, which is 25 times as fast.
import { setFlagsFromString } from "node:v8";
import { writeOutCounts } from "./pattern-counts.ts";

// The flags apply to expressions compiled afterwards, so they are set before any configuration is read.
for (const flag of [
  "--enable-experimental-regexp-engine",
  "--enable-experimental-regexp-engine-on-excessive-backtracks",
  "--regexp-backtracks-before-fallback=2000",
])
  setFlagsFromString(flag);

/** Longest text in characters that the usual engine gets: at first, and ever. */
export const SHORT = 1024;
const LONGEST = 65_536;
/** A match is slow if it takes longer than CALL_MS, plus SLOW_MS per character. Ordinary patterns take a hundredth of SLOW_MS. */
const SLOW_MS = 0.0002;
const CALL_MS = 0.01;
/** One in this many short texts is timed. */
const SAMPLE = 32;
/** Number of texts for the linear engine before longer texts are tried with the usual engine again. */
const TRIAL = 256;

/** In a match after the first, a look-behind sees at most this many characters before the start of the search. */
const MOST_BEFORE = 128;

/**
 * linear: undefined when the linear engine refuses the pattern. faultOfPattern accepts it only if the usual engine is bounded.
 */
interface Engines {
  readonly usual: RegExp;
  readonly linear: RegExp | undefined;
}

interface Found {
  readonly at: number;
  readonly text: string;
}

export class Pattern {
  readonly source: string;
  private readonly written: string;
  private readonly now: () => number;
  private readonly first: Engines;
  private readonly usual: RegExp;
  /** Undefined: the linear engine supports this pattern's look-behind only in a search from the start of a text. */
  private readonly every: Engines | undefined;
  private readonly later = new Map<number, Engines>();
  /** Longer texts go to the linear engine. */
  private limit = SHORT;
  private untilTrial = TRIAL;
  private untilSample = SAMPLE;

  /**
   * @param source one in which faultOfPattern finds no fault
   * @param now monotonic milliseconds
   */
  constructor(source: string, now: () => number) {
    this.source = source;
    this.written = writeOutCounts(source);
    this.now = now;
    this.first = enginesFor(this.written, "");
    this.usual = this.first.usual;
    const every = enginesFor(this.written, "g");
    this.every = this.first.linear === undefined || every.linear !== undefined ? every : undefined;
  }

  test(text: string): boolean {
    if (text.length <= this.limit && text.length <= SHORT && --this.untilSample > 0) return this.usual.test(text);
    return this.run(this.first, text, (expression) => expression.test(text));
  }

  /**
   * Replaces every match. Finding one match takes bounded time, but all of them may take the square of it. So after the deadline
   * the rest of the text is replaced as a whole.
   * @param by must use only its first argument, the match
   * @param deadline by the clock of `now`, for texts longer than SHORT
   */
  replace(text: string, by: (match: string) => string, deadline: number): string {
    const { every } = this;
    if (every !== undefined && text.length <= this.limit && text.length <= SHORT && --this.untilSample > 0)
      return text.replace(every.usual, by);
    if (this.now() > deadline) return by(text);
    const pieces: string[] = [];
    let from = 0;
    for (let found = this.find(text, 0); found !== undefined;) {
      pieces.push(text.slice(from, found.at), by(found.text));
      from = found.at + found.text.length;
      if (this.now() > deadline) return pieces.join("") + by(text.slice(from));
      const next = found.text === "" ? from + 1 : from;
      found = next > text.length ? undefined : this.find(text, next);
    }
    return pieces.join("") + text.slice(from);
  }

  /** The first match that begins at or after `from`. */
  private find(text: string, from: number): Found | undefined {
    if (this.every !== undefined)
      return this.run(this.every, text, (expression) => {
        expression.lastIndex = from;
        const found = expression.exec(text);
        return found === null ? undefined : { at: found.index, text: found[0] };
      });
    const before = from === 0 ? 0 : 2 ** Math.floor(Math.log2(Math.min(from, MOST_BEFORE)));
    const part = text.slice(from - before);
    return this.run(this.behind(before), part, (expression) => {
      const found = expression.exec(part);
      if (found === null) return undefined;
      const skipped = before === 0 ? found.index : before + (found[1] as string).length;
      return { at: from - before + skipped, text: before === 0 ? found[0] : found[0].slice(skipped) };
    });
  }

  /** Engines for a search that starts after `before` characters, which only a look-behind may match. */
  private behind(before: number): Engines {
    if (before === 0) return this.first;
    let engines = this.later.get(before);
    if (engines === undefined) {
      engines = enginesFor(`^${"[^]".repeat(before)}([^]*?)(?:${this.written})`, "");
      this.later.set(before, engines);
    }
    return engines;
  }

  private run<T>({ usual, linear }: Engines, text: string, match: (expression: RegExp) => T): T {
    const { length } = text;
    if (linear !== undefined && length > this.limit) {
      if (--this.untilTrial <= 0) this.allow(Math.max(SHORT, 2 * this.limit));
      return match(linear);
    }
    this.untilSample = SAMPLE;
    const start = this.now();
    const result = match(usual);
    if (this.now() - start > CALL_MS + length * SLOW_MS) this.allow(0);
    else if (2 * length > this.limit) this.allow(2 * this.limit);
    return result;
  }

  private allow(length: number): void {
    this.limit = Math.min(LONGEST, length);
    this.untilTrial = TRIAL;
  }
}

function enginesFor(source: string, flags: "" | "g"): Engines {
  return { usual: new RegExp(source, flags), linear: linearOf(source, flags) };
}

export interface PatternFault {
  readonly kind: "no pattern" | "unbounded";
  /** What is wrong, as the end of a sentence, and what to write instead. */
  readonly why: string;
  readonly help: string;
}

/** The fault of a pattern's source; undefined when it has none. */
export function faultOfPattern(source: string): PatternFault | undefined {
  try {
    new RegExp(source);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split(": ").at(-1) ?? "") : "";
    return { kind: "no pattern", why, help: "" };
  }
  const written = writeOutCounts(source);
  if (linearOf(written, "") !== undefined || isShallow(written)) return undefined;
  const [, why, help] = OBSTACLES.find(([sign]) => sign.test(withoutClasses(written))) as Obstacle;
  return { kind: "unbounded", why, help };
}

type Obstacle = readonly [sign: RegExp, why: string, help: string];

/** Constructs that the linear engine refuses, in the order of the search. The last entry fits every pattern. */
const OBSTACLES: readonly Obstacle[] = [
  [
    /\(\?[=!]/,
    "a look-ahead beside a repetition",
    "leave the look-ahead out; what must not match is for `exclude_lines`, what must match as well for another pattern",
  ],
  [/\(\?<[=!].*\((?!\?)/, "a capturing group in a look-behind", "write `(?:` in place of `(` there"],
  [/\\[1-9]|\\k</, "a reference to a group beside a repetition", "write out what the group can be"],
  [/\(\?[a-z-]+:/, "flags of its own, as in `(?i:`, beside a repetition", "write the letters, as in `[Ee]rror`"],
  [/[^]/, "counts that are too large", "smaller ones, or `*` and `+`"],
];

/** Each choice at most doubles the ways to match. */
const MOST_CHOICES = 10;

/**
 * Whether the usual engine alone is bounded: no group repeats and there are few choices. At most one element repeats variably,
 * and then only in a pattern that is tried at the start of the text alone, such as `^(?!.*(?:WARN|ERROR))`.
 */
function isShallow(source: string): boolean {
  const bare = withoutClasses(source);
  const choices = bare.match(/\||[^(]\?/g) ?? [];
  const repetitions = bare.match(/[*+]|\{\d+,\d*\}/g) ?? [];
  if (/\)[*+?{]/.test(bare) || choices.length > MOST_CHOICES) return false;
  return (
    repetitions.length === 0 || (repetitions.length === 1 && bare.startsWith("^") && !withoutGroups(bare).includes("|"))
  );
}

function withoutGroups(source: string): string {
  const rest = source.replace(/\([^()]*\)/g, "");
  return rest === source ? rest : withoutGroups(rest);
}

/** Replaces each class and escape by one letter, except references to groups. */
function withoutClasses(source: string): string {
  return source.replace(/\\k<|\\.|\[(?:\\.|[^\]\\])*\]/g, (part) => (/^\\[k1-9]/.test(part) ? part : "x"));
}

function linearOf(source: string, flags: "" | "g"): RegExp | undefined {
  try {
    return new RegExp(source, `${flags}l`);
  } catch {
    return undefined;
  }
}
