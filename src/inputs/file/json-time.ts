// The time of a JSON record: where it stands, and what it says. A field is read as a whole, other than a line, in which a
// time stands somewhere.
import type { TimestampOptions } from "../../core/options.ts";
import { type TimeReader, timeReader } from "../../core/time-format.ts";
import { rfc3339 } from "./rfc3339.ts";

const QUOTE = 34;
const STAMP = "@timestamp";

export class JsonTime {
  /** Where it stands beside `@timestamp`, as a dotted name; undefined: nowhere. */
  readonly field: string | undefined;
  private readonly reader: TimeReader | "rfc3339";
  private readonly wall: () => number;

  constructor(timestamp: TimestampOptions | undefined, wall: () => number) {
    this.field = timestamp?.field === STAMP ? undefined : timestamp?.field;
    const format = timestamp?.format ?? "rfc3339";
    this.reader = format === "rfc3339" ? format : timeReader(format, "whole");
    this.wall = wall;
  }

  /** Of the value bytes[from, to) of `field`, or of `@timestamp` where there is no such field; NaN: it is no time. */
  read(bytes: Buffer, from: number, to: number): number {
    const { reader } = this;
    if (reader === "rfc3339") return stampTime(bytes, from, to);
    return reader(textOf(bytes.toString("utf8", from, to)), this.wall());
  }

  /** Of a value of `@timestamp` where another field is wanted and bears no time. */
  readStamp(bytes: Buffer, from: number, to: number): number {
    return this.field === undefined ? this.read(bytes, from, to) : stampTime(bytes, from, to);
  }
}

function stampTime(bytes: Buffer, from: number, to: number): number {
  return bytes[from] === QUOTE ? rfc3339(bytes, from + 1, to - 1) : NaN;
}

/** Of a string or number as it is written. */
function textOf(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.includes("\\") ? (JSON.parse(value) as string) : value.slice(1, -1);
}
