// What a record's text decides: whether it is kept, what of it is blotted out before anything is stored, and which time
// stands in it. The only path with a string per record.
//
// What must hold: a record never grows, and bytes in which nothing matches stay as they are.
import { isUtf8 } from "node:buffer";
import type { FileInputOptions } from "../../../core/options.ts";
import { type TimeReader, timeReader } from "../../../core/time-format.ts";
import { leadingRfc3339 } from "./rfc3339.ts";

export type RuleOptions = Pick<FileInputOptions, "includeLines" | "excludeLines" | "redact" | "timestamp">;

/** Cut to the length of what it replaces. */
const BLOT = "***";

export class Rules {
  /** Of the record that was judged last. */
  changed = false;
  /** The one that stands in it; NaN: none. */
  time = NaN;
  private readonly include: readonly RegExp[];
  private readonly exclude: readonly RegExp[];
  private readonly redact: readonly RegExp[];
  private readonly patterns: "none" | "some";
  /** Looks at the bytes, at the rest of them as text, or not at all. */
  private readonly timed: TimeReader | "rfc3339" | undefined;
  private readonly wall: () => number;

  constructor({ includeLines, excludeLines, redact, timestamp }: RuleOptions, wall: () => number) {
    this.wall = wall;
    this.timed = timestamp && (timestamp.format === "rfc3339" ? "rfc3339" : timeReader(timestamp.format));
    this.include = includeLines;
    this.exclude = excludeLines;
    this.redact = redact.map((pattern) => new RegExp(pattern.source, "g"));
    this.patterns = includeLines.length + excludeLines.length + redact.length > 0 ? "some" : "none";
  }

  /** The record is bytes[from, to), which it may change; its new end, or -1 where it is filtered out. */
  judge(bytes: Buffer, from: number, to: number): number {
    this.changed = false;
    this.time = NaN;
    if (this.timed === "rfc3339") this.time = leadingRfc3339(bytes, from, to);
    if (this.patterns === "none" && typeof this.timed !== "function") return to;
    const record = bytes.subarray(from, to);
    // Bytes that are no UTF-8 keep their places as latin1.
    const encoding = isUtf8(record) ? "utf8" : "latin1";
    const text = record.toString(encoding);
    if (this.include.length > 0 && !this.include.some((pattern) => pattern.test(text))) return -1;
    if (this.exclude.some((pattern) => pattern.test(text))) return -1;
    if (typeof this.timed === "function") this.time = this.timed(text, this.wall());
    let blotted = text;
    for (const pattern of this.redact) blotted = blotted.replace(pattern, blot);
    if (blotted === text) return to;
    this.changed = true;
    return from + record.write(blotted, encoding);
  }
}

function blot(match: string): string {
  return BLOT.slice(0, match.length);
}
