// Rules over a record's text: whether it is kept, what is masked before anything is stored, and which time it contains. The only
// path that makes a string per record.
//
// Invariants: a record never grows, bytes without a match stay unchanged, and a record takes bounded time. If patterns need
// longer, the record is kept and the rest of it is masked.
import { isUtf8 } from "node:buffer";
import type { FileInputOptions } from "../../../core/options.ts";
import type { Clock } from "../../../core/clock.ts";
import { Pattern, SHORT } from "../../../core/pattern.ts";
import { type TimeReader, timeReader } from "../../../core/time-format.ts";
import { leadingRfc3339 } from "./rfc3339.ts";

export type RuleOptions = Pick<FileInputOptions, "includeLines" | "excludeLines" | "redact" | "timestamp">;

/** Replaces each match, cut to its length. */
const MASK = "***";
/** Limit for all patterns of an input on one record. Ordinary patterns take microseconds. */
const PATIENCE_MS = 250;

export interface RuleTools extends Pick<Clock, "wall" | "now"> {
  /** Called for a record on which the patterns took more than PATIENCE_MS. */
  readonly late: () => void;
}

export class Rules {
  /** Whether the record judged last was masked. */
  changed = false;
  /** The time in the record judged last; NaN: none. */
  time = NaN;
  private readonly include: readonly Pattern[];
  private readonly exclude: readonly Pattern[];
  private readonly redact: readonly Pattern[];
  readonly patterns: "none" | "some";
  /** rfc3339: read from the bytes. A TimeReader: read from the text. Undefined: no time is read. */
  private readonly timed: TimeReader | "rfc3339" | undefined;
  private readonly tools: RuleTools;

  constructor({ includeLines, excludeLines, redact, timestamp }: RuleOptions, tools: RuleTools) {
    this.tools = tools;
    this.timed = timestamp && (timestamp.format === "rfc3339" ? "rfc3339" : timeReader(timestamp.format));
    const compiled = ({ source }: RegExp): Pattern => new Pattern(source, tools.now);
    this.include = includeLines.map(compiled);
    this.exclude = excludeLines.map(compiled);
    this.redact = redact.map(compiled);
    this.patterns = includeLines.length + excludeLines.length + redact.length > 0 ? "some" : "none";
  }

  /** Judges the record bytes[from, to) and may change it. Returns its new end, or -1 to filter it out. */
  judge(bytes: Buffer, from: number, to: number): number {
    this.changed = false;
    this.time = NaN;
    if (this.timed === "rfc3339") this.time = leadingRfc3339(bytes, from, to);
    if (this.patterns === "none" && typeof this.timed !== "function") return to;
    const record = bytes.subarray(from, to);
    // As latin1, every byte of invalid UTF-8 keeps its place.
    const encoding = isUtf8(record) ? "utf8" : "latin1";
    const text = record.toString(encoding);
    // Short texts need no deadline: the engines' own limits suffice.
    const deadline = text.length > SHORT ? this.tools.now() + PATIENCE_MS : Infinity;
    if (this.include.length > 0 && !this.matchesAny(this.include, text, deadline, "yes")) return -1;
    if (this.matchesAny(this.exclude, text, deadline, "no")) return -1;
    if (typeof this.timed === "function") this.time = this.timed(text, this.tools.wall());
    let masked = text;
    for (const pattern of this.redact) masked = pattern.replace(masked, mask, deadline);
    if (deadline < Infinity && this.tools.now() > deadline) this.tools.late();
    if (masked === text) return to;
    this.changed = true;
    return from + record.write(masked, encoding);
  }

  /** @param late the result once the deadline has passed */
  private matchesAny(patterns: readonly Pattern[], text: string, deadline: number, late: "yes" | "no"): boolean {
    for (const pattern of patterns) {
      if (pattern.test(text)) return true;
      if (deadline < Infinity && this.tools.now() > deadline) return late === "yes";
    }
    return false;
  }
}

function mask(match: string): string {
  return MASK.slice(0, match.length);
}
