// A candidate: an open file that no tail reads. Compares its content with that of a source. Changes nothing.
import type { BigIntStats } from "node:fs";
import { crc32 } from "node:zlib";
import type { KnownSource } from "../../../core/source.ts";
import { type Form, formOfFile } from "../gzip/gzip-member.ts";
import { contentFingerprint, firstContent } from "../gzip/packed.ts";
import { closeSync, fstatSync, readSync } from "../mounts/system-calls.ts";
import { CLOSED, type Tail } from "../tail/tail.ts";
import { checksumBefore, type Fingerprint, FINGERPRINT_LENGTH, sameChecksum } from "./fingerprint.ts";
import type { TailChecksum } from "./fingerprint.ts";
import type { Opened } from "./links.ts";

/**
 * different: not the content of the source.
 * partial: equal as far as it can be compared, but shorter than a fingerprint, or than what was read of the source.
 * unverified: compressed, with an equal beginning; the rest has not been unpacked.
 * older: all of it was read from the source, and more was.
 * same: it has exactly what was read of the source.
 * full: it has all that was read of the source, and more.
 */
export type Evidence = "different" | "partial" | "unverified" | "older" | "same" | "full";

/** A source's own file, open. */
export interface Live {
  readonly fd: number;
  readonly size: number;
}

/** The result of unpacking a compressed candidate: how many bytes it has in common with the source, possibly all. */
export interface Verdict {
  readonly common: number | "different";
  /** all: the candidate has no more than these bytes. position: it was unpacked as far as the source had been read. */
  readonly reach: "all" | "position";
}

/** By source, for those with which the candidate was compared. */
export type Verdicts = ReadonlyMap<Tail, Verdict>;

export class Candidate {
  readonly path: string;
  /** The real path. */
  readonly real: string;
  readonly stats: BigIntStats;
  readonly size: number;
  readonly form: Form;
  /** Must be closed, or handed to a tail by `take`. */
  private descriptor: number;
  private begun: { readonly bytes: Buffer; readonly hash: number } | undefined;

  static of(path: string, { real, fd }: Opened, stats: BigIntStats): Candidate {
    try {
      return new Candidate(path, real, stats, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  private constructor(path: string, real: string, stats: BigIntStats, fd: number) {
    this.path = path;
    this.real = real;
    this.stats = stats;
    this.descriptor = fd;
    this.size = fstatSync(fd).size;
    this.form = formOfFile(fd);
  }

  get fd(): number {
    return this.descriptor;
  }

  take(): number {
    const fd = this.descriptor;
    this.descriptor = CLOSED;
    return fd;
  }

  close(): void {
    if (this.descriptor !== CLOSED) closeSync(this.take());
  }

  /** Whether it has the source's fingerprint, and the content that was read before the source's position. */
  continues({ fingerprint, position, checksum }: Tail): boolean {
    return continues(this.fd, fingerprint, position, checksum);
  }

  /** Whether it is as long as that open file or longer, with the same bytes before that file's end (not compared for gzip). */
  goesOnFrom(fd: number): boolean {
    const { size } = fstatSync(fd);
    return this.size >= size && (this.form === "gzip" || sameBytesBefore(this.fd, fd, size));
  }

  /** A cheap test that does not open the source's file: one rotation may have brought a hundred files of a hundred sources. */
  isUnlike({ fingerprint, packed, size, slot }: Tail): boolean {
    const { bytes, hash } = this.beginning;
    if (fingerprint.length === FINGERPRINT_LENGTH)
      return bytes.length === FINGERPRINT_LENGTH && hash !== fingerprint.hash;
    return slot !== "reading" && packed === undefined && size < FINGERPRINT_LENGTH;
  }

  /** @param live the source's own file, if it can be read now @param verdict of an earlier comparison with this source */
  compare(source: Tail, live: Live | undefined, verdict: Verdict | undefined): Evidence {
    const beginning = this.compareBeginning(source, live);
    if (beginning !== "equal") return beginning;
    if (this.form === "gzip") return judged(source, verdict);
    return live !== undefined && source.packed === undefined
      ? this.compareWithFile(source, live)
      : this.compareWithState(source);
  }

  /** Compares full fingerprints, or a shorter beginning as far as it goes if the rest may still come. */
  private compareBeginning(source: Tail, live: Live | undefined): "equal" | "partial" | "different" {
    const { bytes: first, hash } = this.beginning;
    const { fingerprint } = source;
    if (first.length === FINGERPRINT_LENGTH && fingerprint.length === FINGERPRINT_LENGTH)
      return hash === fingerprint.hash ? "equal" : "different";
    if (live === undefined) return fingerprint.length === FINGERPRINT_LENGTH ? "partial" : "different";
    const whole = firstContent(live.fd, formOfFile(live.fd));
    if (whole.length < FINGERPRINT_LENGTH || !whole.subarray(0, first.length).equals(first)) return "different";
    return first.length === FINGERPRINT_LENGTH ? "equal" : "partial";
  }

  /** The first bytes of the content, at most FINGERPRINT_LENGTH. */
  private get beginning(): { readonly bytes: Buffer; readonly hash: number } {
    if (this.begun === undefined) {
      const bytes = Buffer.from(firstContent(this.fd, this.form));
      this.begun = { bytes, hash: crc32(bytes) };
    }
    return this.begun;
  }

  private compareWithFile({ position, checksum }: Tail, live: Live): Evidence {
    const { fd, size } = this;
    // A copy has no more content than its original.
    if (size > live.size || !sameBytesBefore(fd, live.fd, size)) return "different";
    if (size < position) return "older";
    return sameChecksum(checksumBefore(fd, position), checksum) ? extent(size, position) : "different";
  }

  private compareWithState({ position, checksum, earlier }: Tail): Evidence {
    const { fd, size } = this;
    if (size >= position)
      return sameChecksum(checksumBefore(fd, position), checksum) ? extent(size, position) : "different";
    const holds = earlier.some(
      (then) => size >= then.position && sameChecksum(checksumBefore(fd, then.position), then.checksum),
    );
    return holds ? "older" : "partial";
  }
}

function judged({ position }: Tail, verdict: Verdict | undefined): Evidence {
  if (verdict === undefined) return "unverified";
  const { common, reach } = verdict;
  if (common === "different") return "different";
  if (reach === "all") return extent(common, position);
  // The candidate may have more behind that.
  return common === position ? "full" : "unverified";
}

/** @param size bytes known to be equal */
function extent(size: number, position: number): "older" | "same" | "full" {
  return size < position ? "older" : size === position ? "same" : "full";
}

/**
 * True if an open file has this fingerprint, and this checksum before `offset`. The checksum of a compressed file is compared
 * later, when reading reaches the offset. False for a file too short to tell whether it is compressed.
 */
export function continues(fd: number, fingerprint: Fingerprint, offset: number, checksum: TailChecksum): boolean {
  const { length, hash, form } = contentFingerprint(fd, fingerprint.length);
  if (length !== fingerprint.length || hash !== fingerprint.hash) return false;
  if (form !== "plain") return form === "gzip";
  return fstatSync(fd).size >= offset && sameChecksum(checksumBefore(fd, checksum.length === 0 ? 0 : offset), checksum);
}

/** The same for a source from the state database. */
export function continuesSource(fd: number, { identity, checkpoint, mark }: KnownSource): boolean {
  return continues(fd, { length: identity.headLength, hash: identity.headHash }, checkpoint, mark);
}

const COMPARED = 64;

function sameBytesBefore(fd: number, other: number, offset: number): boolean {
  return bytesBefore(fd, offset).equals(bytesBefore(other, offset));
}

function bytesBefore(fd: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.min(COMPARED, end));
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, end - bytes.length));
}
