// Lines that are JSON objects. A record that the kernel calls sound is shipped as it is, apart from the members that it lists:
// they move below `json`, or are `@timestamp` and `log.level`, which the document then gets from elsewhere. A record that the
// kernel leaves undecided is parsed and rewritten (resolve.ts). A line that is no JSON object becomes a message.
//
// Invariant: a record of kind `object` is valid JSON in UTF-8, without duplicate names on any level or names of the document's
// own.
import { KIND } from "../../../../core/chunk.ts";
import { type FileInputOptions, LEVELS } from "../../../../core/options.ts";
import type { RecordValues } from "../../../../core/output.ts";
import { MOST_MEMBERS } from "../../../../kernel/layout.ts";
import { type Names, namesOf } from "../../../../kernel/names.ts";
import { type ReservedFields, reservedFields } from "./reserved-fields.ts";
import { resolveObject, valueAt } from "./resolve.ts";
import { NO_OVERLAP, overlap } from "./partition.ts";
import { type MemberFate, MOVING_BYTES, splice } from "./splice.ts";
import { JsonTime, textOf } from "./time.ts";
import { type Members as Tree, readObject } from "./tree.ts";
import { asItStands, type Finish, type Line, type LineFormat, type RecordState } from "../line-format.ts";
import type { ObjectChecker } from "../framing.ts";

const STAMP = '"@timestamp"';
const NO_VALUES: RecordValues = [];

export type JsonOptions = Pick<FileInputOptions, "fields" | "timestamp">;

export class JsonFormat implements LineFormat, Finish {
  readonly records = "wrapped";
  readonly finisher: Finish = this;
  kind: number = KIND.text;
  time = NaN;
  values: RecordValues = NO_VALUES;
  private readonly kernel: ObjectChecker;
  private readonly reserved: ReservedFields;
  private readonly names: Names;
  private readonly times: JsonTime;
  private readonly fates: MemberFate[] = Array.from({ length: MOST_MEMBERS }, () => "stays");
  /** The strongest of `fates`: moves before goes before stays. */
  private fate: MemberFate = "stays";
  /** Whether the record's own `@timestamp` cannot be read as a time. */
  private unread = false;
  /** Members whose objects the document has, too, as JSON text. */
  private texts = "";
  /** Whether the record has a top-level member named `log.level`. */
  private dotted: "log.level" | "elsewhere" = "elsewhere";
  /** The line read last begins at source[base]. */
  private source: Buffer = Buffer.alloc(0);
  private base = 0;

  /** Members to look for in each record, as dotted names. */
  private readonly wanted: readonly string[];

  constructor(
    kernel: ObjectChecker,
    { fields, timestamp }: JsonOptions,
    wall: () => number,
    wanted: readonly string[] = [],
  ) {
    this.wanted = wanted;
    this.kernel = kernel;
    this.reserved = reservedFields(fields);
    this.times = new JsonTime(timestamp, wall);
    this.names = namesOf(this.reserved.paths, this.times.field ?? "");
  }

  read(bytes: Buffer, from: number, to: number, line: Line): void {
    asItStands(line, from, to);
    this.source = bytes;
    this.base = from;
    this.kernel.object(bytes, from, to, this.names);
  }

  finish(bytes: Buffer, from: number, to: number, state: RecordState, limit: number): number {
    this.values = NO_VALUES;
    if (state === "cut") return this.message(KIND.cut, to);
    if (state === "changed") return this.resolve(bytes, from, to, limit);
    switch (this.kernel.found.verdict) {
      case "sound":
        return this.sound(bytes, from, to, limit);
      case "undecided":
        return this.resolve(bytes, from, to, limit);
      case "other":
        return this.message(KIND.other, to);
      case "invalid":
        return this.message(KIND.invalid, to);
    }
  }

  private message(kind: number, to: number): number {
    this.kind = kind;
    this.time = NaN;
    return to;
  }

  private object(level: number, time: number): void {
    this.kind = KIND.object | ((level + 1) << 4);
    this.time = time;
  }

  private sound(bytes: Buffer, from: number, to: number, limit: number): number {
    const { found } = this.kernel;
    const { base, fates, source } = this;
    const time = this.decide();
    if (this.unread) return this.resolve(bytes, from, to, limit);
    if (this.wanted.length > 0) this.find(source.toString("utf8", base + found.start, base + found.end));
    if (this.fate === "stays" && found.start === 0 && found.end === to - from) {
      this.object(found.level, time);
      return to;
    }
    let shared = NO_OVERLAP;
    let more = this.fate === "moves" ? MOVING_BYTES : 0;
    if (this.texts !== "") {
      shared = overlap(this.texts, this.reserved, found.level, this.dotted);
      more = MOVING_BYTES + Buffer.byteLength(shared.kept) + 1 + Buffer.byteLength(shared.moved) + 1;
    }
    if (more > 0 && found.end - found.start + more > limit) return this.resolve(bytes, from, to, limit);
    this.object(found.level, time);
    return splice(source, base, found, fates, shared, bytes, from);
  }

  /** Decides the fate of each listed member. Returns the record's time. */
  private decide(): number {
    const { found } = this.kernel;
    const { base, fates, source, times } = this;
    let time = found.field === 0 ? NaN : times.read(source, base + found.field, base + found.fieldEnd);
    const timed = !Number.isNaN(time);
    this.fate = "stays";
    this.unread = false;
    this.texts = "";
    this.dotted = "elsewhere";
    for (let i = 0; i < found.count; i++) {
      const what = found.what(i);
      let fate: MemberFate = "moves";
      if (what === "shared") fate = this.goesShared(base + found.key(i), base + found.valueEnd(i));
      else if (what === "level") fate = this.levelFate(base + found.value(i), base + found.valueEnd(i));
      else if (what === "stamp") {
        const [from, to] = [base + found.value(i), base + found.valueEnd(i)];
        if (!timed) time = times.readStamp(source, from, to);
        if (!timed && !Number.isNaN(time)) fate = "goes";
        else this.unread ||= !times.isDate(source, from, to);
      } else this.unread ||= isText(source, base + found.key(i), base + found.key(i) + STAMP.length, STAMP);
      fates[i] = fate;
      if (fate === "moves" || this.fate === "stays") this.fate = fate;
    }
    return time;
  }

  private goesShared(from: number, to: number): MemberFate {
    const text = this.source.toString("utf8", from, to);
    this.texts = this.texts === "" ? text : `${this.texts},${text}`;
    return "goes";
  }

  /** The record's own `log.level` stays if no level is recognised. It is left out if it is the very word of the level. */
  private levelFate(from: number, to: number): MemberFate {
    this.dotted = "log.level";
    const { level } = this.kernel.found;
    if (level < 0) return this.reserved.level === "record" ? "stays" : "moves";
    return isText(this.source, from + 1, to - 1, LEVELS[level] as string) ? "goes" : "moves";
  }

  private find(object: string): void {
    const members = readObject(object);
    if (members !== undefined) this.values = this.wanted.map((path) => textAt(members, path));
  }

  private resolve(bytes: Buffer, from: number, to: number, limit: number): number {
    // This repairs bad UTF-8.
    const text = bytes.toString("utf8", from, to);
    if (!/^[ \t\r]*\{/.test(text)) return this.message(KIND.other, to);
    try {
      JSON.parse(text);
    } catch {
      return this.message(KIND.invalid, to);
    }
    const resolved = resolveObject(text, this.reserved, this.times);
    if (resolved === undefined) return this.message(KIND.deep, to);
    if (Buffer.byteLength(resolved.text) > limit) return this.message(KIND.large, to);
    if (this.wanted.length > 0) this.find(text);
    this.object(resolved.level, resolved.time);
    return from + bytes.write(resolved.text, from);
  }
}

function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}

function textAt(members: Tree, path: string): string | undefined {
  const value = valueAt(members, path);
  return value === undefined ? undefined : textOf(value);
}
