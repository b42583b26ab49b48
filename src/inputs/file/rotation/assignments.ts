// Which source is read from which file: where a source begins, resumes and ends.
//
// A source that loses its file is detached. If a file with its content is found, the source resumes in it
// (identity/resolve.ts). Else it is released and never read again. The buffer learns that a source is gone at the moment from
// which a crash would lose its unresolved bytes. The source is forgotten when all its bytes are settled: they have a fate or a
// durable row. The descriptor is closed earlier, since an unlinked file would occupy the disk for as long as an output is down.
import { isDeepStrictEqual } from "node:util";
import type { SourceId } from "../../../core/source.ts";
import { newSourceId } from "../../../core/source.ts";
import { claimedSize } from "../gzip/gzip-member.ts";
import { claimsToEnd, contentFingerprint, firstContent, type Packed, packedAt, packedWhole } from "../gzip/packed.ts";
import type { Candidate } from "../identity/candidate.ts";
import { checksumBefore, extendFingerprint, FINGERPRINT_LENGTH, NO_CHECKSUM } from "../identity/fingerprint.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import { endOfLastLine, lineStateAt } from "../records/line-places.ts";
import { codeOf, type Encoding } from "../records/text-code.ts";
import type { Shared } from "../shared.ts";
import type { Descriptors } from "../tail/descriptors.ts";
import type { ReadQueue } from "../tail/read-queue.ts";
import type { Loss, Tail } from "../tail/tail.ts";

/** Size of compressed content, for `Intake.open`: all of it may have been read before. */
const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;

type OpenFile = Pick<Candidate, "fd" | "form" | "size">;

export interface AssignmentParts {
  readonly shared: Shared;
  readonly index: SourceIndex;
  readonly descriptors: Descriptors;
  readonly queue: ReadQueue;
  readonly encoding: Encoding;
  /** From `Framing`. */
  readonly cutBehind: number;
}

export class Assignments {
  private readonly parts: AssignmentParts;
  /** Released sources whose bytes are not all settled. */
  private readonly settling = new Set<SourceId>();
  /** Sources that the buffer was told are gone. */
  private readonly gone = new Set<SourceId>();

  constructor(parts: AssignmentParts) {
    this.parts = parts;
  }

  /**
   * Begins a new source for an open file. Does nothing while the file is too short to tell its form.
   * @param old bytes to skip. A compressed file is skipped as a whole, since it is written once
   */
  begin(tail: Tail, { fd, form, size }: OpenFile, old: number): void {
    if (form === "unknown") return;
    tail.code = codeOf(this.parts.encoding, firstContent(fd, form));
    const origin = old === 0 ? 0 : form === "gzip" ? claimedSize(fd, size) : endOfLastLine(fd, old, tail.code);
    this.beginAt(tail, { fd, form, size }, origin);
    this.parts.shared.unread.skipped += origin;
  }

  /** Begins a new source at the end of a file whose content was read from another file. */
  beginAtEnd(tail: Tail, { fd, form, size }: OpenFile): void {
    tail.code = codeOf(this.parts.encoding, firstContent(fd, form));
    this.beginAt(tail, { fd, form, size }, form === "gzip" ? claimedSize(fd, size) : size);
  }

  private beginAt(tail: Tail, { fd, form, size }: OpenFile, origin: number): void {
    const packed = form === "gzip";
    // A compressed file that is not begun at byte 0 is whole: its content is as large as it claims.
    if (packed) tail.packed = origin > 0 ? packedWhole(fd, size, origin) : packedAt(fd, size);
    tail.fingerprint = contentFingerprint(fd, origin);
    tail.seek(origin, packed ? NO_CHECKSUM : checksumBefore(fd, origin));
    tail.source = newSourceId();
    if (packed) tail.size = tail.sizeFor(size);
    this.open(tail, origin, packed ? UNKNOWN_SIZE : size);
  }

  /** The tail's source resumes in this file. The tail has no file, or another one. */
  resume(tail: Tail, candidate: Candidate): void {
    const { descriptors, encoding, cutBehind, index, queue, shared } = this.parts;
    const { fd, form, size, stats, real } = candidate;
    const { path, position, source, inodeKey, identity } = tail;
    // Everything that may fail comes first. The fingerprint, whose bytes were compared, never shrinks and may be a commit
    // behind.
    const known = tail.fingerprint.length >= Math.min(position, FINGERPRINT_LENGTH);
    const fingerprint = known ? tail.fingerprint : contentFingerprint(fd, position);
    const code = codeOf(encoding, firstContent(fd, form));
    const lineState = form === "plain" ? lineStateAt(fd, position, cutBehind, code) : "start";
    const packed = form === "gzip" ? this.packedFrom(fd, size, position) : undefined;
    queue.remove(tail);
    descriptors.adopt(tail, candidate);
    index.attach(tail, candidate.path, real, stats);
    const end = shared.mode === "once" ? "closing" : "open";
    Object.assign(tail, { fingerprint, code, lineState, packed, end, lagMark: 0 });
    tail.seek(position, tail.checksum);
    if (packed !== undefined) tail.size = tail.sizeFor(size);
    if (tail.known !== undefined) this.open(tail, tail.known.origin, packed === undefined ? size : UNKNOWN_SIZE);
    else if (this.gone.delete(source as SourceId)) shared.intake.found(source as SourceId);
    if (!isDeepStrictEqual(tail.identity, identity)) this.identify(tail);
    if (tail.inodeKey === inodeKey) return;
    const message =
      path === candidate.path
        ? `${path} is another file with the same content; reading goes on at byte ${position}.`
        : `${path} goes on in its copy, ${candidate.path}, at byte ${position}.`;
    shared.reports.info("source_moved", message, { path, copy: candidate.path, offset: position });
  }

  /** The bytes before the position of a compressed file are compared when reading reaches them. */
  private packedFrom(fd: number, size: number, position: number): Packed {
    return claimsToEnd(fd, size, position) ? packedWhole(fd, size, position) : packedAt(fd, size);
  }

  private open(tail: Tail, origin: number, size: number): void {
    const { options, intake } = this.parts.shared;
    const { identity, position: checkpoint, checksum: mark } = tail;
    tail.known = undefined;
    intake.open({ id: tail.source as SourceId, input: options.id, identity, origin, checkpoint, mark }, size);
  }

  /** The content that was read is gone. Another tail reads the file's present content from byte 0. */
  truncated(tail: Tail, missed: number): Tail {
    const { index, queue, shared } = this.parts;
    const { path, position } = tail;
    const message = `${path} was truncated or overwritten after ${position} bytes; it is read from its beginning.`;
    shared.reports.info("file_truncated", message, { path, missed_bytes: missed });
    queue.remove(tail);
    const fresh = tail.successor();
    if (shared.mode === "once") fresh.end = "closing";
    index.replace(tail, fresh);
    this.recordLoss(tail, { reason: "truncated", bytes: missed });
    return fresh;
  }

  /** Only the tail's descriptor leads to the file. */
  unlink(tail: Tail): void {
    this.parts.index.unlink(tail);
    tail.grownAt = Math.round(this.parts.shared.clock.now());
    if (tail.source !== undefined) this.sayGone(tail.source);
  }

  /** The tail has no file any more. */
  detach(tail: Tail, loss: Loss): void {
    this.parts.queue.remove(tail);
    this.parts.descriptors.close(tail);
    this.parts.index.detach(tail);
    this.recordLoss(tail, loss);
  }

  private recordLoss(tail: Tail, loss: Loss): void {
    tail.loss = loss;
    tail.lostAt = undefined;
    tail.notFound = 0;
    if (tail.source === undefined) this.release(tail);
    else if (tail.known === undefined) this.sayGone(tail.source);
  }

  /** Gives up the source: no file with its content was found. */
  release(tail: Tail): void {
    const { index, shared } = this.parts;
    const { loss, known, source, path, position } = tail;
    index.release(tail);
    if (loss !== undefined) shared.unread[loss.reason] += loss.bytes;
    if (known !== undefined) {
      this.open(tail, known.origin, known.checkpoint);
      const bytes = loss?.bytes ?? 0;
      const after = bytes > 0 ? `at least ${bytes} unread bytes came after` : "what came after is unknown";
      const message = `The content of ${path}, read up to byte ${position} before this start or reload, is not there any more; ${after}.`;
      shared.reports.info("source_gone", message, { path, unread_bytes: bytes });
    }
    if (source === undefined) return;
    if (!this.gone.delete(source)) shared.intake.gone(source);
    this.settling.add(source);
  }

  private sayGone(source: SourceId): void {
    if (this.gone.has(source)) return;
    this.gone.add(source);
    this.parts.shared.intake.gone(source);
  }

  identify(tail: Tail): void {
    if (tail.source !== undefined) this.parts.shared.intake.identify(tail.source, tail.identity);
  }

  /** The tail has read these bytes, from offset `at` on: extends its fingerprint. */
  passed(tail: Tail, bytes: Buffer, at: number): void {
    const { fingerprint } = tail;
    const extended = extendFingerprint(fingerprint, bytes, at);
    if (extended === fingerprint) return;
    tail.fingerprint = extended;
    this.identify(tail);
  }

  /** Forgets released sources whose bytes are all settled. */
  forgetSettled(): void {
    const { intake } = this.parts.shared;
    for (const source of this.settling) {
      if (!intake.answered(source)) continue;
      this.settling.delete(source);
      intake.forget(source);
    }
  }
}
