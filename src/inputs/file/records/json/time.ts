// The time of a JSON record: which member holds it, and how its value is read. The whole value must be a time. In a line of text,
// a time may be anywhere.
import type { TimestampOptions } from "../../../../core/options.ts";
import { type TimeReader, timeReader } from "../../../../core/time-format.ts";
import { rfc3339 } from "../rfc3339.ts";

const QUOTE = 34;
const STAMP = "@timestamp";
const YEAR_0 = Date.parse("0000-01-01T00:00:00Z");
const YEAR_10000 = Date.parse("9999-12-31T23:59:59.999Z") + 1;

export class JsonTime {
  /** The member that holds the time, as a dotted name; undefined: only `@timestamp` can hold it. */
  readonly field: string | undefined;
  private readonly reader: TimeReader | "rfc3339";
  private readonly wall: () => number;

  constructor(timestamp: TimestampOptions | undefined, wall: () => number) {
    this.field = timestamp?.field === STAMP ? undefined : timestamp?.field;
    const format = timestamp?.format ?? "rfc3339";
    this.reader = format === "rfc3339" ? format : timeReader(format, "whole");
    this.wall = wall;
  }

  /** The time of bytes[from, to), a value of `field`, or of `@timestamp` if there is no `field`. NaN: the value is no time. */
  read(bytes: Buffer, from: number, to: number): number {
    const { reader } = this;
    if (reader === "rfc3339") return stampTime(bytes, from, to);
    return bearable(reader(textOf(bytes.toString("utf8", from, to)), this.wall()));
  }

  /** The time of an `@timestamp` in a record whose `field` holds no time. */
  readStamp(bytes: Buffer, from: number, to: number): number {
    return this.field === undefined ? this.read(bytes, from, to) : stampTime(bytes, from, to);
  }

  /** Whether an `@timestamp` that the time of `field` replaces is itself a date, for the server as well. */
  isDate(bytes: Buffer, from: number, to: number): boolean {
    if (this.field === undefined || Number.isNaN(stampTime(bytes, from, to))) return false;
    return DATE.test(bytes.toString("latin1", from, to));
  }
}

/** The format of dates that the server detects by itself. */
const DATE = /^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"$/;

function stampTime(bytes: Buffer, from: number, to: number): number {
  return bytes[from] === QUOTE ? bearable(rfc3339(bytes, from + 1, to - 1)) : NaN;
}

/** NaN for years that a document cannot express. A zone can lead to such a year. */
function bearable(time: number): number {
  return time >= YEAR_0 && time < YEAR_10000 ? time : NaN;
}

/** The text of a JSON string or number. */
export function textOf(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.includes("\\") ? (JSON.parse(value) as string) : value.slice(1, -1);
}
