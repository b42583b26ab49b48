// One read of one file: wait for room, read once, frame, hand over. The bytes of a read are bounded, so that no file starves
// another.
//
// One system call reads the bytes before the position and those behind it, and the checksum of the former is compared. So a
// file that was truncated and has grown past the position between two polls is detected before a byte of it is handed over. A
// partial last line stays in the file: the position remains at its start, and the line is read again when it has grown.
import { crc32 } from "node:zlib";
import { Arena, type Region } from "../../../core/arena.ts";
import { checksumWithin, hasFingerprint } from "../identity/fingerprint.ts";
import { isSystemError } from "../paths.ts";
import { type Framed, type Framing, type ReadBytes, TURN_BYTES } from "../records/framing.ts";
import { passHole } from "../records/holes.ts";
import { codeOf, type Encoding, foreignMark } from "../records/text-code.ts";
import type { Assignments } from "../rotation/assignments.ts";
import type { Shared } from "../shared.ts";
import type { Contents } from "./contents.ts";
import type { Descriptors } from "./descriptors.ts";
import { Drafts } from "./drafts.ts";
import { HOT_MS, type Poller } from "./poller.ts";
import type { Tail } from "./tail.ts";

/** A longer unfinished record is not read again with every few bytes that are added. */
const LARGE_REST = 64 * 1024;

export interface ReaderParts {
  readonly shared: Shared;
  readonly framing: Framing;
  readonly encoding: Encoding;
  readonly contents: Contents;
  readonly descriptors: Descriptors;
  readonly assignments: Assignments;
  readonly poller: Poller;
  readonly fault: (error: unknown) => void;
}

export class Reader {
  private readonly parts: ReaderParts;
  private readonly drafts: Drafts;

  constructor(parts: ReaderParts) {
    this.parts = parts;
    this.drafts = new Drafts(parts.shared, parts.fault);
  }

  /** Reads into a pinned region, and hands it over or back. unread: a poll must find out what became of the file. */
  async read(tail: Tail, region: Region): Promise<"read" | "unread"> {
    const { descriptors, shared } = this.parts;
    let opened = false;
    try {
      opened = tail.readable && descriptors.open(tail);
      if (opened) await this.readInto(tail, region);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      descriptors.complain(tail, error);
    } finally {
      tail.slot = "none";
      if (region.pins > 0) shared.intake.release(region);
    }
    this.parts.contents.rest(tail);
    return opened && tail.failing === "no" ? "read" : "unread";
  }

  /** Bytes that a read of this file can use. */
  wanted(tail: Tail): number {
    const known = tail.searched - tail.position;
    const line = Math.min(2 * known, this.parts.shared.options.maxRecord + 2);
    const most = Math.max(TURN_BYTES, line);
    return tail.packed === undefined ? Math.min(tail.lag, most) : most;
  }

  /** The room that a read of this file asks for, including that for a record table. */
  room(tail: Tail): number {
    return Math.min(this.parts.framing.growth * this.wanted(tail), this.reach) + this.tableRoom;
  }

  /** No record is longer than this, whatever its bytes grow to. */
  private get reach(): number {
    return Math.max(TURN_BYTES, this.parts.shared.options.maxRecord + 2);
  }

  /** Bytes to read so that the first record fits. The region may have been requested for another file. */
  private readable(region: Region): number {
    const room = region.length - this.tableRoom;
    return room >= this.reach ? room : Math.floor(room / this.parts.framing.growth);
  }

  private get tableRoom(): number {
    const { tableBytes } = this.parts.framing;
    return tableBytes === 0 ? 0 : Arena.cost(tableBytes);
  }

  private async readInto(tail: Tail, region: Region): Promise<void> {
    const { arena } = this.parts.shared;
    const before = Buffer.allocUnsafe(tail.checksum.length);
    const length = Math.min(this.readable(region), this.wanted(tail));
    const bytes = arena.view(region, 0, length);
    tail.slot = "reading";
    const read = await this.parts.contents.read(tail, before, bytes);
    if (read === "later") return;
    const changed = read < 0 || !this.unchanged(tail, before);
    tail.failing = "no";
    if (changed) return this.replace(tail);
    if (read > 0) this.take(tail, region, before, bytes.subarray(0, read));
    else tail.shrink(tail.position);
  }

  /** The fingerprint may reach beyond the position, so a first read is compared too. */
  private unchanged(tail: Tail, before: Buffer): boolean {
    if (before.length > 0 && crc32(before) !== tail.checksum.hash) return false;
    return tail.packed !== undefined || hasFingerprint(tail.fd, tail.fingerprint);
  }

  /** The file's content was replaced: another tail reads it. */
  private replace(tail: Tail): void {
    const { assignments, contents, poller } = this.parts;
    const missed = tail.searched - tail.position;
    tail.slot = "none";
    contents.drop(tail);
    poller.poll(assignments.truncated(tail, missed));
  }

  private take(tail: Tail, region: Region, before: Buffer, bytes: Buffer): void {
    const { encoding, framing, shared } = this.parts;
    const start = tail.position;
    // The file's first bytes may have come after it was found.
    if (start === 0) tail.code = codeOf(encoding, bytes);
    const room = region.length - this.tableRoom;
    const readAtMs = shared.clock.wall();
    const all = { region, code: tail.code, after: after(tail, start + bytes.length), room, readAtMs };
    const read = { ...all, bytes, offset: start };
    let framed = tail.lineState === "start" ? (passHole(read, before) ?? framing.frame(read)) : framing.pass(read);
    if (start === 0 && framed.end > 0) this.checkEncoding(tail, bytes);
    this.drafts.begin(region);
    for (let left = this.pass(tail, read, framed, before, bytes); left === "more";) {
      const next = { ...all, bytes: bytes.subarray(tail.position - start), offset: tail.position };
      framed = framing.frame(next);
      left = this.pass(tail, next, framed, before, bytes);
    }
    tail.searched = framed.rest === "partial" ? start + bytes.length : tail.position;
    if (tail.searched - tail.position > LARGE_REST) tail.retryAt = shared.clock.now() + HOT_MS;
  }

  /**
   * Moves the position behind the framed bytes, and hands them over.
   * @param all all bytes of the read, of which `read` is the end
   */
  private pass(tail: Tail, read: ReadBytes, framed: Framed, before: Buffer, all: Buffer): "more" | "done" {
    const { assignments, shared } = this.parts;
    if (framed.end === 0) return "done";
    tail.remember(shared.clock.now());
    tail.position += framed.end;
    tail.checksum = checksumWithin(before, all, all.length - read.bytes.length + framed.end);
    assignments.passed(tail, read.bytes.subarray(0, framed.end), read.offset);
    tail.lineState = framed.rest === "oversized" ? "oversized" : "start";
    return this.drafts.admit(tail, read, framed);
  }

  /** Warns of text in another encoding than the input's. It is read all the same: each byte of it is accounted for. */
  private checkEncoding(tail: Tail, bytes: Buffer): void {
    const encoding = foreignMark(tail.code, bytes);
    if (encoding === undefined) return;
    const { reports, options } = this.parts.shared;
    reports.warn(
      "encoding_differs",
      `${tail.path} begins with the byte order mark of ${encoding.toUpperCase()}, but is read as \`${options.encoding}\`; ` +
        `set \`encoding: ${encoding}\` for input \`${options.id}\`.`,
      { path: tail.path, input: options.id },
    );
  }
}

/** What may come behind the end of a read. */
function after(tail: Tail, end: number): ReadBytes["after"] {
  if (end < tail.size) return "more";
  if (tail.end === "closing") return "end";
  return tail.waitedSize === tail.size ? tail.waited : "more";
}
