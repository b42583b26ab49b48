// Generations of files: which source a tail reads, where each begins and ends. A source is opened with its first byte, is
// gone when nothing can read its file again after a crash, and is forgotten when all of it is answered for; until then a
// nameless file keeps its descriptor.
import type { KnownSource, Mark, SourceId } from "../../core/source.ts";
import { newSourceId, NO_MARK } from "../../core/source.ts";
import type { Descriptors } from "./descriptors.ts";
import { claimedSize, formOfFile } from "./gzip-member.ts";
import { growHead, markBefore } from "./identity.ts";
import { endOfLastLine, lineAt } from "./line-places.ts";
import { claimsToEnd, contentHead, firstContent, packedAt, packedWhole } from "./packed.ts";
import type { Shared } from "./parts.ts";
import type { ReadyQueue } from "./ready.ts";
import { Rereads } from "./rereads.ts";
import type { Registry } from "./registry.ts";
import { CLOSED, type Tail } from "./tail.ts";
import { codeOf, type Encoding } from "./text-code.ts";

/** Of content that is compressed: all of it may have been read before. */
const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;

export interface GenerationsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly descriptors: Descriptors;
  readonly ready: ReadyQueue;
  readonly encoding: Encoding;
  /** Framing's. */
  readonly cutBehind: number;
}

/** A source that lost its file: it goes on in a copy (heirs.ts), or nothing more is read of it. */
export interface Orphan {
  /** As far as it was read. */
  readonly source: KnownSource;
  /** unopened: of an earlier process. */
  readonly state: "open" | "unopened";
  /** Of the file that has no name any more, or CLOSED. */
  readonly fd: number;
  /** What was not read, as far as is known, if there is no copy. */
  readonly missed: { readonly reason: "deleted" | "truncated"; readonly bytes: number };
  /** Searches that found no copy. */
  misses: number;
}

export class Generations {
  readonly orphans = new Set<Orphan>();
  /** Sources of which nothing will be read, with the descriptor that is kept for them. */
  private readonly settling = new Map<SourceId, number>();
  private readonly shared: Shared;
  private readonly registry: Registry;
  private readonly descriptors: Descriptors;
  private readonly ready: ReadyQueue;
  private readonly rereads: Rereads;
  private readonly encoding: Encoding;
  private readonly cutBehind: number;

  constructor(parts: GenerationsParts) {
    this.shared = parts.shared;
    this.rereads = new Rereads(parts.shared);
    this.registry = parts.registry;
    this.descriptors = parts.descriptors;
    this.ready = parts.ready;
    this.encoding = parts.encoding;
    this.cutBehind = parts.cutBehind;
  }

  /** A new source for an open file that has `size` bytes; none yet where they are too few to tell what it is. */
  begin(tail: Tail, size: number, start: "beginning" | "end"): void {
    const form = formOfFile(tail.fd);
    if (form === "unknown") return;
    tail.code = codeOf(this.encoding, firstContent(tail.fd, form));
    if (form === "gzip") return this.beginPacked(tail, size, start);
    const origin = start === "end" ? endOfLastLine(tail.fd, size, tail.code) : 0;
    this.beginAt(tail, origin, markBefore(tail.fd, origin));
    this.open(tail, { origin, checkpoint: origin, mark: tail.mark }, size);
  }

  /** One that is there at first start is whole: the size of its content is what it claims. */
  private beginPacked(tail: Tail, size: number, start: "beginning" | "end"): void {
    const origin = start === "end" ? claimedSize(tail.fd, size) : 0;
    tail.packed = start === "end" ? packedWhole(tail.fd, size, origin) : packedAt(tail.fd, size);
    this.beginAt(tail, origin, NO_MARK);
    tail.size = tail.sizeFor(size);
    this.open(tail, { origin, checkpoint: origin, mark: NO_MARK }, UNKNOWN_SIZE);
  }

  private beginAt(tail: Tail, origin: number, mark: Mark): void {
    tail.head = contentHead(tail.fd, origin);
    this.shared.unread.skipped += origin;
    tail.source = newSourceId();
    tail.seek(origin, mark);
  }

  /** Goes on with a source of an earlier process. */
  resume(tail: Tail, known: KnownSource, size: number): void {
    this.continue(tail, known, size);
    this.open(tail, known, tail.packed === undefined ? size : UNKNOWN_SIZE);
    this.rereads.passed(tail, known.checkpoint);
    const { path, headLength } = known.identity;
    if (path !== tail.identity.path || headLength !== tail.head.length) this.identify(tail);
  }

  /** Goes on with a source that lost its file, in a copy of it. */
  adopt(tail: Tail, orphan: Orphan, size: number): void {
    const { source, state, fd } = orphan;
    this.orphans.delete(orphan);
    if (state === "unopened") this.resume(tail, source, size);
    else {
      this.continue(tail, source, size);
      this.identify(tail);
    }
    this.descriptors.closeNumber(fd);
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
    this.orphan(tail, CLOSED, { reason: "truncated", bytes: missed });
    tail.rewind();
    if (this.shared.mode === "follow" && tail.mode !== "nameless") tail.end = "open";
  }

  /** A file of an earlier process is nowhere to be found, or has other content. */
  retire(source: KnownSource): void {
    this.orphans.add({ source, state: "unopened", fd: CLOSED, missed: { reason: "deleted", bytes: 0 }, misses: 0 });
  }

  /** The file is gone, and was read as far as it can be. */
  leave(tail: Tail, unread: number): void {
    this.ready.remove(tail);
    this.registry.remove(tail);
    this.orphan(tail, this.descriptors.detach(tail), { reason: "deleted", bytes: unread });
  }

  private orphan(tail: Tail, fd: number, missed: Orphan["missed"]): void {
    const { source: id, identity, position, mark } = tail;
    if (id === undefined) {
      this.shared.unread[missed.reason] += missed.bytes;
      return this.descriptors.closeNumber(fd);
    }
    const { intake, options } = this.shared;
    intake.gone(id);
    const source = { id, input: options.id, identity, origin: 0, checkpoint: position, mark };
    this.orphans.add({ source, state: "open", fd, missed, misses: 0 });
  }

  /** There is no copy of what it was read from. */
  bury(orphan: Orphan): void {
    const { source, state, fd, missed } = orphan;
    const { intake, log, unread } = this.shared;
    this.orphans.delete(orphan);
    unread[missed.reason] += missed.bytes;
    if (state === "unopened") {
      const { path } = source.identity;
      intake.open(source, source.checkpoint);
      log.info("source_gone", goneMessage(path, source.checkpoint), { path });
    }
    this.settle(source.id, fd);
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
    if (head !== tail.head) {
      tail.head = head;
      this.identify(tail);
    }
    this.rereads.passed(tail, at);
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
    for (const { fd } of this.orphans) this.descriptors.closeNumber(fd);
    this.orphans.clear();
  }
}

function goneMessage(path: string, checkpoint: number): string {
  return `The content of ${path}, read up to byte ${checkpoint} by an earlier process, is not there any more; what came after is unknown.`;
}
