// What is in the files, read at a position, whether a file holds it as it is or compressed. A compressed file has a stream,
// which only goes forward and holds 100 to 400 KiB. There are few streams: who gets none waits, and a file whose stream
// was given to another, since nothing was to be read of it, is unpacked from its start again when it has grown.
import { readv } from "node:fs";
import { promisify } from "node:util";
import type { Fault } from "./gzip/gunzip.ts";
import { HEAD_LENGTH, hasHead } from "./identity.ts";
import { type Packed, storedHead } from "./gzip/packed.ts";
import type { Shared } from "./parts.ts";
import type { ReadyQueue } from "./ready.ts";
import type { Tail } from "./tail.ts";
import { Unpacking } from "./gzip/unpacking.ts";

const readInto = promisify(readv);

const MOST_STREAMS = 16;

export class Contents {
  private readonly streams = new Map<Tail, Unpacking>();
  private readonly waiting = new Set<Tail>();
  private readonly shared: Shared;
  private readonly ready: ReadyQueue;
  private readonly cutBehind: number;

  /** @param cutBehind framing's */
  constructor(shared: Shared, ready: ReadyQueue, cutBehind: number) {
    this.shared = shared;
    this.ready = ready;
    this.cutBehind = cutBehind;
  }

  /**
   * Fills `before` with what lies before the position and `bytes` with what lies behind it, and returns how many bytes
   * came of the latter; below 0 the content ends before the position, or is another. later: nothing can be said yet.
   */
  async read(tail: Tail, before: Buffer, bytes: Buffer): Promise<number | "later"> {
    if (tail.packed !== undefined) return this.unpack(tail, tail.packed, before, bytes);
    const at = tail.position - before.length;
    const read = (await readInto(tail.fd, [before, bytes], at)).bytesRead - before.length;
    // Cut since the last look: without this it would be read again and again for what is not there.
    if (read < bytes.length) tail.size = tail.position + read;
    return read;
  }

  /** A look at a compressed file: it may have a stream now. */
  consider(tail: Tail, packed: Packed): void {
    if (packed.stream === "awaited" && this.mayHave(tail)) this.allow(tail, packed);
  }

  /** After its turn. */
  rest(tail: Tail): void {
    const { packed } = tail;
    if (packed === undefined || packed.stream === "awaited" || tail.readable) return;
    const growing = packed.state === "cut" || tail.searched > tail.position;
    if (growing && this.waiting.size === 0) return;
    this.drop(tail);
    for (const next of this.waiting) {
      if (next.packed !== undefined) this.allow(next, next.packed);
      else this.waiting.delete(next);
      if (next.readable) return this.ready.push(next);
    }
  }

  close(): void {
    for (const tail of this.streams.keys()) this.drop(tail);
  }

  private async unpack(tail: Tail, packed: Packed, before: Buffer, bytes: Buffer): Promise<number | "later"> {
    if (!hasHead(tail.fd, packed.head)) return -1;
    if (packed.head.length < HEAD_LENGTH) packed.head = storedHead(tail.fd, packed.stored);
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
    // What was looked at may have been cut since.
    const ended = packed.state === "cut" || packed.state === "whole";
    tail.size = tail.sizeFor(ended ? packed.fed : packed.stored);
    this.report(tail, packed, stream.gunzip.faults.splice(0));
    if (read === "passing") return "later";
    if (start < tail.position) this.recallLine(tail, stream.lineStart);
    if (read < before.length) return packed.state === "whole" ? -1 : "later";
    return read - before.length;
  }

  private streamOf(tail: Tail): Unpacking | undefined {
    const known = this.streams.get(tail);
    if (known === undefined && !this.mayHave(tail)) return undefined;
    const stream = known ?? new Unpacking(tail.code);
    // The one used last comes last.
    this.streams.delete(tail);
    this.streams.set(tail, stream);
    return stream;
  }

  /** One without a name cannot wait: what is in it may have to be let go. */
  private mayHave(tail: Tail): boolean {
    if (this.streams.size < MOST_STREAMS || tail.mode === "nameless") return true;
    for (const other of this.streams.keys()) {
      if (other.turn === "reading" || other.readable) continue;
      this.drop(other);
      return true;
    }
    return false;
  }

  /** What was unpacked for it is not used any more, or is not its content any more. */
  drop(tail: Tail): void {
    this.streams.get(tail)?.close();
    this.streams.delete(tail);
  }

  private allow(tail: Tail, packed: Packed): void {
    this.waiting.delete(tail);
    packed.stream = "allowed";
  }

  /** After content was passed over: whether the position lies inside of a line that is passed over (line-places.ts). */
  private recallLine(tail: Tail, lineStart: number): void {
    const within = lineStart < tail.position && tail.position - lineStart >= this.cutBehind;
    tail.line = within ? "oversized" : "start";
  }

  private report(tail: Tail, packed: Packed, faults: readonly Fault[]): void {
    for (const { kind, offset } of faults) {
      const { unread, nag } = this.shared;
      const rest = kind === "checksum" ? 0 : packed.stored - offset;
      unread.skipped += rest;
      nag.warn("gzip_damaged", `${tail.path}: ${WHAT[kind]} at byte ${offset} of the file${HOW[kind]}`, {
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
