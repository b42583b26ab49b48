// One turn of one file: wait for room, read once, frame, hand over. Bounded bytes a turn, so that no file starves another.
//
// The bytes before the position are read by the same system call as those behind it, and their mark is compared: a file
// that was truncated and has grown past the position between two looks is found out before a byte of it is handed over.
// A partial last line stays in the file: the position remains at its start, and it is read again when it has grown.
import { fstatSync } from "node:fs";
import { crc32 } from "node:zlib";
import { Arena, type Region } from "../../core/arena.ts";
import type { Envelope } from "../../core/chunk.ts";
import { assert } from "../../core/errors.ts";
import type { SourceId } from "../../core/source.ts";
import { containerFields } from "./container-path.ts";
import type { Contents } from "./contents.ts";
import type { Descriptors } from "./descriptors.ts";
import { type Framed, type Framing, type ReadBytes, type Rewritten, TURN_BYTES } from "./records/framing.ts";
import type { Generations } from "./generations.ts";
import { hasHead, markWithin } from "./identity.ts";
import { HOT_MS } from "./look.ts";
import type { Shared } from "./parts.ts";
import { passHole } from "./records/holes.ts";
import type { Tail } from "./tail.ts";
import { unparsedIn } from "./unparsed.ts";
import { codeOf, type Encoding, foreignMark } from "./records/text-code.ts";

/** What is unfinished and longer is not read again with every few bytes that come. */
const LARGE_REST = 64 * 1024;

export interface ReaderParts {
  readonly shared: Shared;
  readonly framing: Framing;
  readonly encoding: Encoding;
  readonly contents: Contents;
  readonly descriptors: Descriptors;
  readonly generations: Generations;
  readonly fault: (error: unknown) => void;
}

export class Reader {
  private readonly parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.parts = parts;
  }

  /** Reads into a pinned region, and hands it over or back. unread: a look is to tell what became of the file. */
  async turn(tail: Tail, region: Region): Promise<"read" | "unread"> {
    const { descriptors, shared } = this.parts;
    const opened = tail.readable && descriptors.open(tail);
    if (opened) await this.read(tail, region);
    tail.turn = "none";
    this.parts.contents.rest(tail);
    if (region.pins > 0) shared.intake.release(region);
    return opened && tail.failing === "no" ? "read" : "unread";
  }

  /** Bytes that a turn of this file has a use for. */
  wanted(tail: Tail): number {
    const known = tail.searched - tail.position;
    const line = Math.min(2 * known, this.parts.shared.options.maxRecord + 2);
    const most = Math.max(TURN_BYTES, line);
    return tail.packed === undefined ? Math.min(tail.lag, most) : most;
  }

  /** The room that a turn of this file asks for: a table comes out of it too. */
  room(tail: Tail): number {
    return Math.min(this.parts.framing.growth * this.wanted(tail), this.reach) + this.tableRoom;
  }

  /** A record is never more than this, whatever its bytes grow to. */
  private get reach(): number {
    return Math.max(TURN_BYTES, this.parts.shared.options.maxRecord + 2);
  }

  /** What may be read so that the first record of it fits: the region may have been asked for by another file. */
  private readable(region: Region): number {
    const room = region.length - this.tableRoom;
    return room >= this.reach ? room : Math.floor(room / this.parts.framing.growth);
  }

  private get tableRoom(): number {
    const { tableBytes } = this.parts.framing;
    return tableBytes === 0 ? 0 : Arena.cost(tableBytes);
  }

  private async read(tail: Tail, region: Region): Promise<void> {
    const { arena } = this.parts.shared;
    const before = Buffer.allocUnsafe(tail.mark.length);
    const length = Math.min(this.readable(region), this.wanted(tail));
    const bytes = arena.view(region, 0, length);
    let read: number | "later";
    tail.turn = "reading";
    try {
      read = await this.parts.contents.read(tail, before, bytes);
    } catch (error) {
      this.parts.descriptors.complain(tail, error);
      return;
    }
    tail.failing = "no";
    if (read === "later") return;
    if (read < 0 || !this.unchanged(tail, before)) return this.restart(tail);
    if (read > 0) this.take(tail, region, before, bytes.subarray(0, read));
    else tail.shrink(tail.position);
  }

  private unchanged(tail: Tail, before: Buffer): boolean {
    if (before.length === 0) return true;
    return crc32(before) === tail.mark.hash && (tail.packed !== undefined || hasHead(tail.fd, tail.head));
  }

  private restart(tail: Tail): void {
    const { contents, generations } = this.parts;
    contents.drop(tail);
    generations.restart(tail, tail.searched - tail.position);
    tail.size = fstatSync(tail.fd).size;
    if (tail.size > 0) generations.begin(tail, tail.size, 0);
  }

  private take(tail: Tail, region: Region, before: Buffer, bytes: Buffer): void {
    const { encoding, framing, generations, shared } = this.parts;
    const start = tail.position;
    // What a file begins with can come after it was found.
    if (start === 0) tail.code = codeOf(encoding, bytes);
    const read = {
      region,
      bytes,
      offset: start,
      code: tail.code,
      after: after(tail, start + bytes.length),
      room: region.length - this.tableRoom,
    };
    const framed = tail.line === "start" ? (passHole(read, before) ?? framing.frame(read)) : framing.pass(read);
    if (framed.end > 0) {
      if (start === 0) this.doubt(tail, bytes);
      tail.remember(shared.clock.now());
      tail.position += framed.end;
      tail.mark = markWithin(before, bytes, framed.end);
      generations.passed(tail, bytes.subarray(0, framed.end), start);
      tail.line = framed.rest === "oversized" ? "oversized" : "start";
      this.admit(tail, start, region, framed);
    }
    tail.searched = framed.rest === "partial" ? start + bytes.length : tail.position;
    if (tail.searched - tail.position > LARGE_REST) tail.restUntil = this.parts.shared.clock.now() + HOT_MS;
  }

  /** Text in another encoding than the input's is read all the same: each byte of it is accounted for. */
  private doubt(tail: Tail, bytes: Buffer): void {
    const encoding = foreignMark(tail.code, bytes);
    if (encoding === undefined) return;
    const { nag, options } = this.parts.shared;
    nag.warn(
      "encoding_differs",
      `${tail.path} begins with the byte order mark of ${encoding.toUpperCase()}, but is read as \`${options.encoding}\`; ` +
        `set \`encoding: ${encoding}\` for input \`${options.id}\`.`,
      { path: tail.path, input: options.id },
    );
  }

  private doubtJson(tail: Tail, start: number, { table }: Rewritten): void {
    const { lines, first } = unparsedIn(table);
    if (lines === 0) return;
    const [path, offset] = [tail.path, start + first];
    this.parts.shared.nag.warn(
      "json_invalid",
      `${path}: ${lines === 1 ? "a line is" : `${lines} lines are`} no JSON, from byte ${offset} on; shipped as messages, ` +
        "with the reason in `error.message`.",
      { path, offset, lines },
    );
  }

  private admit(tail: Tail, start: number, region: Region, framed: Framed): void {
    const { shared } = this.parts;
    const { arena, clock, intake } = shared;
    const { records, rewritten, counted, ended } = framed;
    let table: Region | undefined;
    if (framed.kept > 0) {
      arena.shrink(region, framed.kept);
      if (rewritten) table = this.write(rewritten, region);
      if (rewritten && shared.options.format === "json") this.doubtJson(tail, start, rewritten);
      arena.unpin(region);
    }
    const admitted = intake.admit({
      source: tail.source as SourceId,
      envelope: this.envelope(tail),
      start,
      end: tail.position,
      records,
      region: framed.kept > 0 ? region : undefined,
      table,
      counted,
      ended,
      readAtMs: clock.wall(),
      mark: tail.mark,
    });
    // Not awaited: room is what makes a reader wait, and an answer for a nameless file may take a commit.
    admitted.catch(this.parts.fault);
  }

  /** Room for the table was part of the region, so that it cannot be refused. */
  private write({ bytes, table }: Rewritten, region: Region): Region {
    const { arena } = this.parts.shared;
    const entries = arena.alloc(table.length);
    assert(entries !== undefined, "no room for a table that room was set aside for");
    arena.view(region).set(bytes);
    arena.view(entries).set(table);
    return entries;
  }

  private envelope(tail: Tail): Envelope {
    const { host, index, intake, options } = this.parts.shared;
    const containers = options.format === "cri" || options.format === "docker";
    tail.envelope ??= intake.envelope({
      input: options.id,
      path: tail.path,
      host,
      fields: containers ? { ...containerFields(tail.path), ...options.fields } : options.fields,
      index: options.index ?? index,
      policy: options.policy,
    });
    return tail.envelope;
  }
}

/** What comes behind the end of a read. */
function after(tail: Tail, end: number): ReadBytes["after"] {
  if (end < tail.size) return "more";
  if (tail.end === "closing") return "end";
  return tail.quietAt === tail.size ? tail.patience : "more";
}
