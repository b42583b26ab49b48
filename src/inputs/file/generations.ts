// Generations of files: which source a tail reads, and where each begins. A source is opened with its first byte; how it
// ends is in endings.ts.
import type { KnownSource, Mark, SourceId } from "../../core/source.ts";
import { newSourceId, NO_MARK } from "../../core/source.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Endings, Orphan } from "./endings.ts";
import { claimedSize, formOfFile } from "./gzip/gzip-member.ts";
import { growHead, markBefore } from "./identity.ts";
import { endOfLastLine, lineAt } from "./line-places.ts";
import { claimsToEnd, contentHead, firstContent, packedAt, packedWhole } from "./gzip/packed.ts";
import type { Shared } from "./parts.ts";
import type { ReadyQueue } from "./ready.ts";
import { Rereads } from "./rereads.ts";
import type { Registry } from "./registry.ts";
import type { Tail } from "./tail.ts";
import { codeOf, type Encoding } from "./records/text-code.ts";

/** Of content that is compressed: all of it may have been read before. */
const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;
const NOTHING = Buffer.alloc(0);

export interface GenerationsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly descriptors: Descriptors;
  readonly endings: Endings;
  readonly ready: ReadyQueue;
  readonly encoding: Encoding;
  /** Framing's. */
  readonly cutBehind: number;
}

export class Generations {
  private readonly shared: Shared;
  private readonly registry: Registry;
  private readonly descriptors: Descriptors;
  private readonly endings: Endings;
  private readonly ready: ReadyQueue;
  private readonly rereads: Rereads;
  private readonly encoding: Encoding;
  private readonly cutBehind: number;

  constructor(parts: GenerationsParts) {
    this.shared = parts.shared;
    this.rereads = new Rereads(parts.shared);
    this.registry = parts.registry;
    this.descriptors = parts.descriptors;
    this.endings = parts.endings;
    this.ready = parts.ready;
    this.encoding = parts.encoding;
    this.cutBehind = parts.cutBehind;
  }

  /**
   * A new source for an open file that has `size` bytes; none yet where they are too few to tell what it is.
   * @param old bytes of it that are not read; a compressed file is old as a whole, as it is copied once
   */
  begin(tail: Tail, size: number, old: number): void {
    const form = formOfFile(tail.fd);
    if (form === "unknown") return;
    tail.code = codeOf(this.encoding, firstContent(tail.fd, form));
    const origin =
      old === 0 ? 0 : form === "gzip" ? claimedSize(tail.fd, size) : endOfLastLine(tail.fd, old, tail.code);
    this.shared.unread.skipped += origin;
    if (form === "gzip") this.beginPacked(tail, size, origin);
    else this.beginAt(tail, origin, size);
  }

  /** A new source for a copy of which everything was read from another file. */
  beginRead(tail: Tail, size: number): void {
    if (formOfFile(tail.fd) === "gzip") this.beginPacked(tail, size, claimedSize(tail.fd, size));
    else this.beginAt(tail, size, size);
  }

  /** One that is not begun at byte 0 is whole: the size of its content is what it claims. */
  private beginPacked(tail: Tail, size: number, origin: number): void {
    tail.packed = origin > 0 ? packedWhole(tail.fd, size, origin) : packedAt(tail.fd, size);
    tail.head = contentHead(tail.fd, origin);
    tail.source = newSourceId();
    tail.seek(origin, NO_MARK);
    tail.size = tail.sizeFor(size);
    this.open(tail, { origin, checkpoint: origin, mark: NO_MARK }, UNKNOWN_SIZE);
  }

  private beginAt(tail: Tail, origin: number, size: number): void {
    const mark = markBefore(tail.fd, origin);
    tail.head = contentHead(tail.fd, origin);
    tail.source = newSourceId();
    tail.seek(origin, mark);
    this.open(tail, { origin, checkpoint: origin, mark }, size);
  }

  /** Goes on with a source of an earlier process. */
  resume(tail: Tail, known: KnownSource, size: number): void {
    this.continue(tail, known, size);
    this.open(tail, known, tail.packed === undefined ? size : UNKNOWN_SIZE);
    this.rereads.passed(tail, known.checkpoint, NOTHING);
    const { path, headLength } = known.identity;
    if (path !== tail.identity.path || headLength !== tail.head.length) this.identify(tail);
  }

  /** Goes on with a source that lost its file, in a copy of it. */
  adopt(tail: Tail, orphan: Orphan, size: number): void {
    const { source, state } = orphan;
    this.endings.orphans.delete(orphan);
    if (state === "unopened") this.resume(tail, source, size);
    else {
      this.continue(tail, source, size);
      this.identify(tail);
    }
    this.shared.log.info("source_moved", `${source.identity.path} goes on in its copy, ${tail.path}.`, {
      path: source.identity.path,
      copy: tail.path,
      offset: source.checkpoint,
    });
  }

  /** Of a compressed file the bytes before the checkpoint are compared when reading has come to them. */
  private continue(tail: Tail, { id, checkpoint, mark }: KnownSource, size: number): void {
    // The head that was kept may reach beyond the checkpoint, or be one commit behind it.
    tail.head = contentHead(tail.fd, checkpoint);
    tail.seek(checkpoint, mark);
    tail.source = id;
    const form = formOfFile(tail.fd);
    tail.code = codeOf(this.encoding, firstContent(tail.fd, form));
    if (form === "plain") tail.line = lineAt(tail.fd, checkpoint, this.cutBehind, tail.code);
    else {
      const ended = claimsToEnd(tail.fd, size, checkpoint);
      tail.packed = ended ? packedWhole(tail.fd, size, checkpoint) : packedAt(tail.fd, size);
      tail.size = tail.sizeFor(size);
    }
  }

  private open(tail: Tail, from: { origin: number; checkpoint: number; mark: Mark }, size: number): void {
    const { origin, checkpoint, mark } = from;
    const { options, intake } = this.shared;
    const id = tail.source as SourceId;
    intake.open({ id, input: options.id, identity: tail.identity, origin, checkpoint, mark }, size);
  }

  /** The content that was read is no longer there: what the file has now is a new generation, from byte 0. */
  restart(tail: Tail, missed: number): void {
    this.shared.log.info(
      "file_truncated",
      `${tail.path} was truncated or overwritten after ${tail.position} bytes; reading it anew.`,
      { path: tail.path, missed_bytes: missed },
    );
    this.orphan(tail, { reason: "truncated", bytes: missed });
    tail.rewind();
    if (this.shared.mode === "follow") tail.end = "open";
  }

  /** The file is gone, and was read as far as it can be. */
  leave(tail: Tail, unread: number): void {
    this.ready.remove(tail);
    this.registry.remove(tail);
    this.descriptors.close(tail);
    this.orphan(tail, { reason: "deleted", bytes: unread });
  }

  private orphan(tail: Tail, missed: Orphan["missed"]): void {
    const { source: id, identity, position, mark, past } = tail;
    if (id === undefined) {
      this.shared.unread[missed.reason] += missed.bytes;
      return;
    }
    const { intake, options } = this.shared;
    intake.gone(id);
    const source = { id, input: options.id, identity, origin: 0, checkpoint: position, mark };
    this.endings.orphans.add({ source, state: "open", past, missed, misses: 0 });
  }

  /** Nothing more is read of this tail. */
  finish(tail: Tail): void {
    this.ready.remove(tail);
    this.registry.remove(tail);
    this.descriptors.close(tail);
    if (tail.source !== undefined) this.endings.settle(tail.source);
  }

  /** It has no name any more, and what is unresolved of it could not be read again after a crash. */
  lose(tail: Tail): void {
    tail.grownAt = Math.round(this.shared.clock.now());
    if (tail.source !== undefined) this.shared.intake.gone(tail.source);
  }

  identify(tail: Tail): void {
    if (tail.source !== undefined) this.shared.intake.identify(tail.source, tail.identity);
  }

  /** The tail has passed these bytes, which began at `at`. */
  passed(tail: Tail, bytes: Buffer, at: number): void {
    const head = growHead(tail.head, bytes, at);
    if (head !== tail.head) {
      tail.head = head;
      this.identify(tail);
    }
    this.rereads.passed(tail, at, bytes);
  }
}
