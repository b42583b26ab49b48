// Lines that are JSON objects. What the kernel calls sound goes on as it stands, but for the members that it lists: they
// move below `json`, or are `@timestamp` and `log.level`, which a document then has from elsewhere. What it does not
// decide is resolved as text; what is no object is a message.
//
// What must hold: an `object` is valid JSON in UTF-8, has no name twice on any level and none of a document's own.
import { KIND } from "../../../core/chunk.ts";
import { type FileInputOptions, LEVELS } from "../../../core/options.ts";
import { MOST_MEMBERS } from "../../../kernel/layout.ts";
import { type Names, namesOf } from "../../../kernel/names.ts";
import { type Ours, oursOf } from "./json-ours.ts";
import { resolveObject } from "./json-resolve.ts";
import { NOTHING_SHARED, share } from "./json-share.ts";
import { type MemberFate, MOVING_BYTES, splice } from "./json-splice.ts";
import { JsonTime } from "./json-time.ts";
import { asItStands, type Finish, type Line, type LineFormat, type RecordState } from "./line-format.ts";
import type { ObjectChecker } from "./kernel-parts.ts";

export type JsonOptions = Pick<FileInputOptions, "fields" | "timestamp">;

export class JsonFormat implements LineFormat, Finish {
  readonly records = "wrapped";
  readonly finisher: Finish = this;
  kind: number = KIND.text;
  time = NaN;
  private readonly kernel: ObjectChecker;
  private readonly ours: Ours;
  private readonly names: Names;
  private readonly times: JsonTime;
  private readonly fates: MemberFate[] = Array.from({ length: MOST_MEMBERS }, () => "stays");
  /** The strongest of them. */
  private fate: MemberFate = "stays";
  /** The members whose objects a document has too. */
  private texts = "";
  /** Whether that name is among those at the top. */
  private dotted: "log.level" | "elsewhere" = "elsewhere";
  /** The line that was read last begins at source[base]. */
  private source: Buffer = Buffer.alloc(0);
  private base = 0;

  constructor(kernel: ObjectChecker, { fields, timestamp }: JsonOptions, wall: () => number) {
    this.kernel = kernel;
    this.ours = oursOf(fields);
    this.times = new JsonTime(timestamp, wall);
    this.names = namesOf(this.ours.paths, this.times.field ?? "");
  }

  read(bytes: Buffer, from: number, to: number, line: Line): void {
    asItStands(line, from, to);
    this.source = bytes;
    this.base = from;
    this.kernel.object(bytes, from, to, this.names);
  }

  finish(bytes: Buffer, from: number, to: number, state: RecordState, limit: number): number {
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
    if (this.fate === "stays" && found.start === 0 && found.end === to - from) {
      this.object(found.level, time);
      return to;
    }
    let shared = NOTHING_SHARED;
    let more = this.fate === "moves" ? MOVING_BYTES : 0;
    if (this.texts !== "") {
      shared = share(this.texts, this.ours, found.level, this.dotted);
      more = MOVING_BYTES + Buffer.byteLength(shared.kept) + 1 + Buffer.byteLength(shared.moved) + 1;
    }
    if (more > 0 && found.end - found.start + more > limit) return this.resolve(bytes, from, to, limit);
    this.object(found.level, time);
    return splice(source, base, found, fates, shared, bytes, from);
  }

  /** What becomes of each member that is listed; returns the record's time. */
  private decide(): number {
    const { found } = this.kernel;
    const { base, fates, source, times } = this;
    let time = found.field === 0 ? NaN : times.read(source, base + found.field, base + found.fieldEnd);
    const timed = !Number.isNaN(time);
    this.fate = "stays";
    this.texts = "";
    this.dotted = "elsewhere";
    for (let i = 0; i < found.count; i++) {
      const what = found.what(i);
      let fate: MemberFate = "moves";
      if (what === "shared") fate = this.goesShared(base + found.key(i), base + found.valueEnd(i));
      else if (what === "level") fate = this.levelFate(base + found.value(i), base + found.valueEnd(i));
      else if (what === "stamp" && !timed) {
        time = times.readStamp(source, base + found.value(i), base + found.valueEnd(i));
        if (!Number.isNaN(time)) fate = "goes";
      }
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

  /** Own `log.level` stays where no level is recognised, and is not said twice where it is the very word. */
  private levelFate(from: number, to: number): MemberFate {
    this.dotted = "log.level";
    const { level } = this.kernel.found;
    if (level < 0) return this.ours.level === "record" ? "stays" : "moves";
    return isText(this.source, from + 1, to - 1, LEVELS[level] as string) ? "goes" : "moves";
  }

  private resolve(bytes: Buffer, from: number, to: number, limit: number): number {
    // Bad UTF-8 is repaired here.
    const text = bytes.toString("utf8", from, to);
    if (!/^[ \t\r]*\{/.test(text)) return this.message(KIND.other, to);
    try {
      JSON.parse(text);
    } catch {
      return this.message(KIND.invalid, to);
    }
    const resolved = resolveObject(text, this.ours, this.times);
    if (resolved === undefined) return this.message(KIND.deep, to);
    if (Buffer.byteLength(resolved.text) > limit) return this.message(KIND.large, to);
    this.object(resolved.level, resolved.time);
    return from + bytes.write(resolved.text, from);
  }
}

function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
