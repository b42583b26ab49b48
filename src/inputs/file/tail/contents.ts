// Reads the content of files at a position, whether plain or compressed. A compressed file needs a stream, which only goes
// forward and holds 100 to 600 KiB. There are few streams: a file that gets none waits. A stream is taken from a file with
// nothing to read now. For an unlinked file it is taken from any file with a name, since those may all wait for room. The file
// that loses its stream is unpacked from its start again later.
import { isLocal } from "../file-systems.ts";
import type { Fault } from "../gzip/gunzip.ts";
import { type Packed, storedFingerprint } from "../gzip/packed.ts";
import { Unpacking } from "../gzip/unpacking.ts";
import { FINGERPRINT_LENGTH, hasFingerprint } from "../identity/fingerprint.ts";
import { readv, readvSync } from "../mounts/system-calls.ts";
import type { Shared } from "../shared.ts";
import type { ReadQueue } from "./read-queue.ts";
import type { Tail } from "./tail.ts";

const MOST_STREAMS = 16;
/**
 * Reads up to this size soon after a write are synchronous: the bytes are in memory, which takes 5 us, and by a thread 118 us.
 */
const SMALL_BYTES = 16 * 1024;
const RECENT_MS = 5000;

export class Contents {
  private readonly streams = new Map<Tail, Unpacking>();
  private readonly waiting = new Set<Tail>();
  private readonly shared: Shared;
  private readonly queue: ReadQueue;
  private readonly cutBehind: number;

  /** @param cutBehind from `Framing` */
  constructor(shared: Shared, queue: ReadQueue, cutBehind: number) {
    this.shared = shared;
    this.queue = queue;
    this.cutBehind = cutBehind;
  }

  /**
   * Fills `before` with the content before the position and `bytes` with the content from the position on.
   * @returns bytes read into `bytes`; below 0: the content ends before the position, or is another; later: nothing can be said
   *   yet
   */
  async read(tail: Tail, before: Buffer, bytes: Buffer): Promise<number | "later"> {
    if (tail.packed !== undefined) return this.unpack(tail, tail.packed, before, bytes);
    const at = tail.position - before.length;
    const both = [before, bytes] as const;
    const all = this.isInMemory(tail, bytes.length) ? readvSync(tail.fd, both, at) : await readv(tail.fd, both, at);
    const read = all - before.length;
    // Truncated since the last poll. With the old size the file would be read again and again for missing bytes.
    if (read < bytes.length) tail.size = tail.position + read;
    return read;
  }

  private isInMemory({ dev, grownAt, path }: Tail, length: number): boolean {
    if (length > SMALL_BYTES || this.shared.clock.now() - grownAt > RECENT_MS) return false;
    return isLocal(path, dev);
  }

  /** At a poll of a compressed file: allows it a stream if it may have one now. */
  consider(tail: Tail, packed: Packed): void {
    if (packed.stream === "awaited" && this.mayHave(tail)) this.allow(tail, packed);
  }

  /**
   * After a read: takes the stream of a compressed file with nothing to read, for the files that wait. A file that may grow
   * keeps its stream if none waits.
   */
  rest(tail: Tail): void {
    const { packed } = tail;
    if (packed === undefined || packed.stream === "awaited" || tail.readable) return;
    const growing = packed.state === "cut" || tail.searched > tail.position;
    if (growing && this.waiting.size === 0) return;
    this.drop(tail);
    for (const next of this.waiting) {
      if (next.packed !== undefined) this.allow(next, next.packed);
      else this.waiting.delete(next);
      if (next.readable) return this.queue.push(next);
    }
  }

  close(): void {
    for (const tail of this.streams.keys()) this.drop(tail);
  }

  private async unpack(tail: Tail, packed: Packed, before: Buffer, bytes: Buffer): Promise<number | "later"> {
    if (!hasFingerprint(tail.fd, packed.fingerprint)) return -1;
    if (packed.fingerprint.length < FINGERPRINT_LENGTH) packed.fingerprint = storedFingerprint(tail.fd, packed.stored);
    const stream = this.streamOf(tail);
    if (stream === undefined) {
      packed.stream = "awaited";
      this.waiting.add(tail);
      return "later";
    }
    const start = stream.to;
    const read = await stream.read(tail.fd, tail.position - before.length, before, bytes);
    packed.fed = stream.gunzip.fed;
    packed.unpacked = stream.to;
    packed.state = read === before.length + bytes.length || read === "passing" ? "open" : stream.gunzip.state;
    // The file may have been truncated since the poll.
    const ended = packed.state === "cut" || packed.state === "whole";
    tail.size = tail.sizeFor(ended ? packed.fed : packed.stored);
    this.report(tail, packed, stream.gunzip.faults.splice(0));
    if (read === "passing") return "later";
    if (start < tail.position) this.findLineState(tail, stream.lineStart);
    if (read < before.length) return packed.state === "whole" ? -1 : "later";
    return read - before.length;
  }

  private streamOf(tail: Tail): Unpacking | undefined {
    const known = this.streams.get(tail);
    if (known === undefined && !this.mayHave(tail)) return undefined;
    const stream = known ?? new Unpacking(tail.code);
    // The stream used last comes last.
    this.streams.delete(tail);
    this.streams.set(tail, stream);
    return stream;
  }

  private mayHave(tail: Tail): boolean {
    if (this.streams.size < MOST_STREAMS) return true;
    for (const other of this.streams.keys()) {
      const first = tail.mode === "unlinked" && other.mode !== "unlinked";
      if (other.slot === "reading" || (other.readable && !first)) continue;
      this.drop(other);
      return true;
    }
    return false;
  }

  /** Closes the file's stream: it is not used any more, or belongs to replaced content. */
  drop(tail: Tail): void {
    this.streams.get(tail)?.close();
    this.streams.delete(tail);
  }

  private allow(tail: Tail, packed: Packed): void {
    this.waiting.delete(tail);
    packed.stream = "allowed";
  }

  /** After content was skipped: whether the position is inside an oversized line whose rest is skipped (line-places.ts). */
  private findLineState(tail: Tail, lineStart: number): void {
    const within = lineStart < tail.position && tail.position - lineStart >= this.cutBehind;
    tail.lineState = within ? "oversized" : "start";
  }

  private report(tail: Tail, packed: Packed, faults: readonly Fault[]): void {
    for (const { kind, offset } of faults) {
      const { unread, reports } = this.shared;
      const rest = kind === "checksum" ? 0 : packed.stored - offset;
      unread.skipped += rest;
      reports.warn("gzip_damaged", `${tail.path}: ${WHAT[kind]} at byte ${offset} of the file${HOW[kind]}`, {
        path: tail.path,
        offset,
        skipped_bytes: rest,
      });
    }
  }
}

const WHAT = {
  corrupt: "the compressed data cannot be unpacked",
  checksum: "the content has another checksum than was written",
  garbage: "what follows the compressed data is not gzip",
} as const;

const HOW = {
  corrupt: ". What came before was read; the rest is skipped.",
  checksum: ". It was read as it is.",
  garbage: " and is skipped.",
} as const;
