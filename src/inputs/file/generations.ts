// Generations of files: which source a tail reads, where each begins and ends. A source is opened with its first byte, is
// gone when nothing can read its file again after a crash, and is forgotten when all of it is answered for; until then a
// nameless file keeps its descriptor.
import { readSync } from "node:fs";
import type { KnownSource, Mark, SourceId } from "../../core/source.ts";
import { newSourceId } from "../../core/source.ts";
import type { Descriptors } from "./descriptors.ts";
import { growHead, markBefore, readHead } from "./identity.ts";
import type { Shared } from "./parts.ts";
import type { ReadyQueue } from "./ready.ts";
import type { Registry } from "./registry.ts";
import { CLOSED, type LineState, type Tail } from "./tail.ts";
import { codeOf, type Encoding, type TextCode } from "./text-code.ts";

export interface GenerationsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly descriptors: Descriptors;
  readonly ready: ReadyQueue;
  readonly encoding: Encoding;
  /** Framing's. */
  readonly cutBehind: number;
}

export class Generations {
  /** Sources of which nothing will be read, with the descriptor that is kept for them. */
  private readonly settling = new Map<SourceId, number>();
  private readonly shared: Shared;
  private readonly registry: Registry;
  private readonly descriptors: Descriptors;
  private readonly ready: ReadyQueue;
  private readonly encoding: Encoding;
  private readonly cutBehind: number;

  constructor(parts: GenerationsParts) {
    this.shared = parts.shared;
    this.registry = parts.registry;
    this.descriptors = parts.descriptors;
    this.ready = parts.ready;
    this.encoding = parts.encoding;
    this.cutBehind = parts.cutBehind;
  }

  /** A new source for an open file that has `size` bytes. */
  begin(tail: Tail, size: number, start: "beginning" | "end"): void {
    tail.code = codeOf(this.encoding, readStart(tail.fd));
    const origin = start === "end" ? endOfLastLine(tail.fd, size, tail.code) : 0;
    const mark = markBefore(tail.fd, origin);
    tail.head = readHead(tail.fd, origin);
    this.shared.unread.skipped += origin;
    tail.source = newSourceId();
    tail.seek(origin, mark);
    this.open(tail, { origin, checkpoint: origin, mark }, size);
  }

  /** Goes on with a source of an earlier process. */
  resume(tail: Tail, known: KnownSource, size: number): void {
    // The head that was kept may reach beyond the checkpoint, or be one commit behind it.
    tail.head = readHead(tail.fd, known.checkpoint);
    tail.code = codeOf(this.encoding, readStart(tail.fd));
    tail.line = lineAt(tail.fd, known.checkpoint, this.cutBehind, tail.code);
    tail.seek(known.checkpoint, known.mark);
    tail.source = known.id;
    this.open(tail, known, size);
    const { path, headLength } = known.identity;
    if (path !== tail.identity.path || headLength !== tail.head.length) this.identify(tail);
  }

  private open(tail: Tail, from: { origin: number; checkpoint: number; mark: Mark }, size: number): void {
    const { origin, checkpoint, mark } = from;
    const { options, intake } = this.shared;
    const id = tail.source as SourceId;
    intake.open({ id, input: options.id, identity: tail.identity, origin, checkpoint, mark }, size);
  }

  /** The content that was read is no longer there: what the file has now is a new generation, from byte 0. */
  restart(tail: Tail, missed: number): void {
    const { unread, log } = this.shared;
    unread.truncated += missed;
    log.info(
      "file_truncated",
      `${tail.path} was truncated or overwritten after ${tail.position} bytes; reading it anew.`,
      {
        path: tail.path,
        missed_bytes: missed,
      },
    );
    if (tail.source !== undefined) this.settle(tail.source, CLOSED);
    tail.rewind();
  }

  /** A file of an earlier process that is nowhere to be found. */
  retire(known: KnownSource): void {
    this.shared.intake.open(known, known.checkpoint);
    this.settle(known.id, CLOSED);
  }

  /** Nothing more is read of this tail; its descriptor waits until all is answered for. */
  finish(tail: Tail): void {
    this.ready.remove(tail);
    this.registry.remove(tail);
    const fd = this.descriptors.detach(tail);
    if (tail.source === undefined) this.descriptors.closeNumber(fd);
    else this.settle(tail.source, fd);
  }

  /** What is unresolved of it could not be read again after a crash. */
  lose(tail: Tail): void {
    if (tail.source !== undefined) this.shared.intake.gone(tail.source);
  }

  identify(tail: Tail): void {
    if (tail.source !== undefined) this.shared.intake.identify(tail.source, tail.identity);
  }

  /** The tail has passed these bytes, which began at `at`. */
  passed(tail: Tail, bytes: Buffer, at: number): void {
    const head = growHead(tail.head, bytes, at);
    if (head === tail.head) return;
    tail.head = head;
    this.identify(tail);
  }

  private settle(source: SourceId, fd: number): void {
    this.shared.intake.gone(source);
    this.settling.set(source, fd);
  }

  /** Forgets what is answered for. */
  tidy(): void {
    for (const [source, fd] of this.settling) {
      if (!this.shared.intake.answered(source)) continue;
      this.descriptors.closeNumber(fd);
      this.settling.delete(source);
      this.shared.intake.forget(source);
    }
  }

  /** Lets go of every descriptor that is kept for answers. */
  close(): void {
    for (const fd of this.settling.values()) this.descriptors.closeNumber(fd);
    this.settling.clear();
  }
}

/** The bytes that can be the mark of an encoding. */
export function readStart(fd: number): Buffer {
  const bytes = Buffer.alloc(4);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
}

/** Offset behind the last line end before `size`; 0 without one. */
export function endOfLastLine(fd: number, size: number, code: TextCode): number {
  const block = Buffer.allocUnsafe(65536);
  for (let end = size - (size % code.unit); end > 0; end -= block.length) {
    const start = Math.max(0, end - block.length);
    const read = readSync(fd, block, 0, end - start, start);
    const at = code.lastLineEnd(block.subarray(0, read), start);
    if (at >= 0) return start + at;
  }
  return 0;
}

/**
 * Whether a checkpoint lies inside of a line that is passed over: it is not behind a line end, and none ends in all that
 * is read of such a line before its rest is. (Behind a last line that was taken without its end, a new record begins.)
 */
function lineAt(fd: number, checkpoint: number, cutBehind: number, code: TextCode): LineState {
  if (checkpoint < cutBehind || endsWithin(fd, checkpoint - code.unit, checkpoint, code)) return "start";
  return endsWithin(fd, checkpoint - cutBehind, checkpoint, code) ? "start" : "oversized";
}

/** Does a line end lie in [from, to)? */
function endsWithin(fd: number, from: number, to: number, code: TextCode): boolean {
  const bytes = Buffer.allocUnsafe(to - from);
  return code.lastLineEnd(bytes.subarray(0, readSync(fd, bytes, 0, to - from, from)), from) >= 0;
}
