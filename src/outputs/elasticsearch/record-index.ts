// The index of a record, if the pattern depends on the record: {date:...} is the day of its @timestamp, so that a late record
// goes to its own day's index; {field:NAME}, if NAME is no constant field, is a member of a JSON record. The name is computed
// when the record is read and stored with it, so a restart does not change it.
//
// Invariants, whatever the records contain: the server accepts the name, it begins with text from the configuration, the members
// of one input produce at most MOST_VALUES names, besides "other" and "unknown", and its dates at most MOST_DATES, besides "other"
// and those within a day of now.
import type { FileInputOptions } from "../../core/options.ts";
import type { RecordIndex, RecordValues } from "../../core/output.ts";
import { constantField, dateText, fieldsIn, legal, PLACEHOLDER, shorten, wholeName } from "./index-name.ts";

/** The finest unit in a date format. */
const HOUR_MS = 3_600_000;
/** Further values become OTHER: one index per value of a hostile or careless record would overwhelm the cluster. */
const MOST_VALUES = 64;
const OTHER = "other";
/** More than a year of days, so that a year of old logs is still divided by days. A log with random times could name any number. */
const MOST_DATES = 400;
/** Dates within a day of now always have their own name; others are forgotten when they were not used for a day. */
const DAY_MS = 24 * HOUR_MS;
/** For a member that the record lacks; constant fields use the same text. */
const MISSING = "unknown";
/** Limit per value: a data stream's own indices have longer names than the stream. */
const VALUE_BYTES = 100;
/** Control, format and private-use characters, lone surrogates, and all white space. */
const UNFIT = /[\p{C}\p{Z}]/gu;

type Input = Pick<FileInputOptions, "format" | "fields">;

/** @returns undefined if all records of a file that are read at the same time go to the same index */
export function recordIndexOf(pattern: string, input: Input): RecordIndex | undefined {
  const members = membersIn(pattern, input);
  return members.length > 0 || pattern.includes("{date:") ? new FilledIndex(pattern, members) : undefined;
}

/** The fault of a pattern for this input, as the end of a sentence about it; undefined if there is none. */
export function recordIndexFault(pattern: string, input: Input): string | undefined {
  const [first] = membersIn(pattern, input);
  if (first === undefined) return undefined;
  const before = pattern.slice(0, pattern.indexOf(`{field:${first}}`)).replace(/\{date:[^{}]*\}/g, "");
  return /[\p{L}\p{N}]/u.test(before) ? undefined : `has {field:${first}}, which records bring, at its beginning`;
}

/** The {field:...} names that come from the records. */
function membersIn(pattern: string, { format, fields }: Input): readonly string[] {
  if (format !== "json") return [];
  return [...new Set(fieldsIn(pattern))].filter((name) => constantField(fields, name) === undefined);
}

class FilledIndex implements RecordIndex {
  readonly members: readonly string[];
  private readonly pattern: string;
  /** The values that have names of their own. */
  private readonly known = new Set<string>();
  private readonly dates: RecordDates;
  /** Cache of the previous record: most records share its hour, and many its values. */
  private hour = NaN;
  private values: RecordValues = [];
  private last = "";

  constructor(pattern: string, members: readonly string[]) {
    this.pattern = pattern;
    this.members = members;
    this.dates = new RecordDates(pattern);
  }

  of(timeMs: number, values: RecordValues, readAtMs: number): string {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour === this.hour && this.members.every((_, i) => values[i] === this.values[i])) return this.last;
    this.hour = hour;
    this.values = values;
    return (this.last = this.fill(timeMs, this.bounded(values), this.dates.hasOwn(timeMs, readAtMs)));
  }

  private fill(timeMs: number, values: readonly string[], hasDate: boolean): string {
    const filled = this.pattern.replace(PLACEHOLDER, (whole, inner: string) => {
      if (inner.startsWith("date:")) return hasDate ? dateText(inner, timeMs) : OTHER;
      return values[this.members.indexOf(inner.slice("field:".length))] ?? whole;
    });
    return filled.includes("{") ? filled : wholeName(filled);
  }

  private bounded(values: RecordValues): readonly string[] {
    const texts = this.members.map((_, i) => fit(values[i]));
    const key = JSON.stringify(texts);
    if (this.known.has(key) || texts.every((text) => text === MISSING)) return texts;
    if (this.known.size >= MOST_VALUES) return texts.map(() => OTHER);
    this.known.add(key);
    return texts;
  }
}

/** The dates of one input's records that have names of their own. */
class RecordDates {
  private readonly formats: readonly string[];
  /** By date as in the name: when it was last used. Wall clock. */
  private readonly used = new Map<string, number>();

  constructor(pattern: string) {
    const inner = [...pattern.matchAll(PLACEHOLDER)].map(([, text = ""]) => text);
    this.formats = inner.filter((text) => text.startsWith("date:"));
  }

  /** @param readAtMs wall clock */
  hasOwn(timeMs: number, readAtMs: number): boolean {
    if (this.formats.length === 0 || Math.abs(timeMs - readAtMs) <= DAY_MS) return true;
    const date = this.formats.map((format) => dateText(format, timeMs)).join();
    if (!this.used.has(date) && this.used.size >= MOST_DATES) {
      for (const [old, at] of this.used) if (Math.abs(readAtMs - at) > DAY_MS) this.used.delete(old);
      if (this.used.size >= MOST_DATES) return false;
    }
    this.used.set(date, readAtMs);
    return true;
  }
}

function fit(value: string | undefined): string {
  if (value === undefined || value === "") return MISSING;
  // Cut first, because a member may be as long as its record.
  return shorten(legal(value.slice(0, VALUE_BYTES).toWellFormed()).replace(UNFIT, "_"), VALUE_BYTES);
}
