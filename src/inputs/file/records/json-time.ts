// The time of a JSON record: where it stands, and what it says. A field is read as a whole, other than a line, in which a
// time stands somewhere.
import type { TimestampOptions } from "../../../core/options.ts";
import { type TimeReader, timeReader } from "../../../core/time-format.ts";
import { rfc3339 } from "./rfc3339.ts";

const QUOTE = 34;
const STAMP = "@timestamp";
const YEAR_0 = Date.parse("0000-01-01T00:00:00Z");
const YEAR_10000 = Date.parse("9999-12-31T23:59:59.999Z") + 1;

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
    return bearable(reader(textOf(bytes.toString("utf8", from, to)), this.wall()));
  }

  /** Of a value of `@timestamp` where another field is wanted and bears no time. */
  readStamp(bytes: Buffer, from: number, to: number): number {
    return this.field === undefined ? this.read(bytes, from, to) : stampTime(bytes, from, to);
  }
}

function stampTime(bytes: Buffer, from: number, to: number): number {
  return bytes[from] === QUOTE ? bearable(rfc3339(bytes, from + 1, to - 1)) : NaN;
}

/** A zone can lead out of the years that a document can name. */
function bearable(time: number): number {
  return time >= YEAR_0 && time < YEAR_10000 ? time : NaN;
}

/** Of a string or number as it is written. */
function textOf(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.includes("\\") ? (JSON.parse(value) as string) : value.slice(1, -1);
}
