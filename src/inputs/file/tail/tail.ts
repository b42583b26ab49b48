// The state of one source and of the file it is read from. There may be 100,000 of them, so it is numbers and strings: no
// timer, no closure, no buffer. Integers where possible: a fraction, or a number of more than 31 bits, is an object of its own.
//
// expected   known from an earlier process; its file has not been found yet
// named      its path led to its file at the last poll. A descriptor is held only while there is something to read
// moved      its path leads elsewhere or nowhere; a search finds the new name, or that there is none
// unlinked   only its descriptor leads to its file: read until nobody has written to it for a while, then detached
// detached   no file has its content any more, unless a copy is found
// released   nothing is read of it any more
//
// Invariants: a descriptor is closed, and a tail detached, only while no read is under way (slot "reading"). A tail has one
// source, from its first byte to its release: what follows a truncation is another tail.
import type { BigIntStats } from "node:fs";
import type { Envelope } from "../../../core/chunk.ts";
import type { Identity, KnownSource, SourceId } from "../../../core/source.ts";
import { type Fingerprint, inodeKey, NO_CHECKSUM, type TailChecksum } from "../identity/fingerprint.ts";
import { leftIn, type Packed } from "../gzip/packed.ts";
import type { After } from "../records/framing.ts";
import type { LineState } from "../records/line-places.ts";
import { type TextCode, UTF8 } from "../records/text-code.ts";

export type TailMode = "expected" | "named" | "moved" | "unlinked" | "detached" | "released";
export type QueueName = "named" | "unlinked";

export const CLOSED = -1;

/** An earlier position of reading. */
export interface Earlier {
  readonly at: number;
  readonly position: number;
  readonly checksum: TailChecksum;
}
const NONE: readonly Earlier[] = [];
/** Time between two remembered positions. Only moments pass between what copytruncate has copied and its truncation. */
const EARLIER_MS = 1000;

export interface Loss {
  readonly reason: "deleted" | "truncated" | "abandoned";
  /** Bytes lost if no copy is found, as far as is known. */
  readonly bytes: number;
}

export class Tail {
  dev = 0;
  ino = 0;
  birthMs = 0;
  /** Inode and birth time as exact text. The buffer keeps the same strings. */
  inode = "";
  birthNs = "";
  path: string;
  /** The path by which the file was found first. A file with another path has been rotated. */
  readonly firstPath: string;
  /** The real path, if symbolic links lead there. They may be changed at any time, also unseen. */
  target: string | undefined = undefined;
  /** Another path that led to the file. */
  otherPath: string | undefined = undefined;
  mode: TailMode = "named";
  slot: "none" | "queued" | "reading" = "none";
  /** The queue that holds the file, if any. */
  queue: QueueName = "named";
  fd = CLOSED;
  links = 1;

  /** Undefined while the file is empty. */
  source: SourceId | undefined = undefined;
  /** Set for an expected source, until it is opened. */
  known: KnownSource | undefined = undefined;
  /** State of a compressed file. All that follows is about its content then. */
  packed: Packed | undefined = undefined;
  private headLength = 0;
  private headHash = 0;
  /** Offset of the first byte that was not handed over. */
  position = 0;
  /** Checksum of the bytes before the position. */
  checksum: TailChecksum = NO_CHECKSUM;
  /** Up to two earlier positions, at least a second apart: a copy made since then may lack what was read last. */
  earlier: readonly Earlier[] = NONE;
  /** The bytes between the position and this offset contain no line end. */
  searched = 0;
  /** An unfinished record is not read again before this time. */
  retryAt = 0;
  lineState: LineState = "start";
  code: TextCode = UTF8;
  /** open: more may come. closing: a last line is taken without its line end. */
  end: "open" | "closing" = "open";
  /** What reading no longer waits for while the file has the size `waitedSize` (see `After`). */
  waited: Exclude<After, "end"> = "more";
  waitedSize = 0;
  envelope: Envelope | undefined = undefined;

  /** As of the last poll. */
  size = 0;
  mtimeMs = 0;
  /** fresh: written so shortly before the poll that another write may have left the same mtime. */
  mtime: "fresh" | "settled" = "settled";
  grownAt: number;
  /** The bytes up to `lagMark` were there at `lagSince`, and are still to be read. */
  lagMark = 0;
  lagSince = 0;
  /** The last attempt to open or read it failed. */
  failing: "no" | "yes" = "no";
  /** The path was seen not to exist. */
  absent: "no" | "yes" = "no";
  /** Searches that did not find the file. */
  notFound = 0;
  loss: Loss | undefined = undefined;
  /** The last scan that had begun when the first search for a copy began. */
  lostAt: number | undefined = undefined;
  /** missed: the file has grown and no watcher event has come since, as on a network file system. */
  events: "trusted" | "missed" = "trusted";
  /** Timer wheel: milliseconds between polls, and the tick of the next one. */
  interval = 0;
  dueTick = -1;

  constructor(path: string, now: number) {
    this.path = path;
    this.firstPath = path;
    this.grownAt = Math.round(now);
  }

  /** The tail of a source from the state database. @param sizes see `Left` */
  static expected(known: KnownSource, now: number, sizes?: ReadonlyMap<SourceId, number>): Tail {
    const { identity, checkpoint, mark } = known;
    const tail = new Tail(identity.path, now);
    tail.mode = "expected";
    tail.known = known;
    tail.source = known.id;
    tail.dev = Number(identity.device);
    tail.ino = Number(identity.inode);
    tail.birthMs = birthMsOf(BigInt(identity.birthNs));
    tail.inode = identity.inode;
    tail.birthNs = identity.birthNs;
    tail.fingerprint = { length: identity.headLength, hash: identity.headHash };
    tail.seek(checkpoint, mark);
    tail.size = sizes?.get(known.id) ?? 0;
    return tail;
  }

  /** May reach beyond the position after a crash: it never shrinks. Not kept as an object, which would take 40 bytes. */
  get fingerprint(): Fingerprint {
    return { length: this.headLength, hash: this.headHash };
  }

  set fingerprint({ length, hash }: Fingerprint) {
    this.headLength = length;
    this.headHash = hash;
  }

  get lag(): number {
    return Math.max(0, this.size - this.position);
  }

  /** Bytes that the file takes on the disk. */
  get stored(): number {
    return this.packed?.stored ?? this.size;
  }

  /** Size of the content when the file has `stored` bytes. For a compressed file an estimate that is right at its end. */
  sizeFor(stored: number): number {
    if (this.packed === undefined) return stored;
    this.packed.stored = stored;
    return Math.max(this.position, this.packed.unpacked) + leftIn(this.packed);
  }

  /** True when it has a file. */
  get attached(): boolean {
    return this.mode === "named" || this.mode === "moved" || this.mode === "unlinked";
  }

  /** True when a read would return something. */
  get readable(): boolean {
    if (!this.attached || this.source === undefined || this.packed?.stream === "awaited") return false;
    return this.size > this.searched || (this.end === "closing" && this.size > this.position);
  }

  /** Identifies the file across restarts. */
  get inodeKey(): string {
    return inodeKey(this);
  }

  get identity(): Identity {
    const { inode, birthNs, headLength, headHash } = this;
    return { path: this.target ?? this.path, device: String(this.dev), inode, birthNs, headLength, headHash };
  }

  /** Sets the file that the source is read from. @param real where the path leads */
  attach(path: string, real: string, stats: BigIntStats): void {
    this.dev = Number(stats.dev);
    this.ino = Number(stats.ino);
    this.birthMs = birthMsOf(stats.birthtimeNs);
    const [inode, birthNs] = [String(stats.ino), String(stats.birthtimeNs)];
    if (this.inode !== inode) this.inode = inode;
    if (this.birthNs !== birthNs) this.birthNs = birthNs;
    this.rename(path, real);
  }

  /** The file has this path from now on. */
  rename(path: string, real: string): void {
    if (this.path !== path) {
      this.envelope = undefined;
      this.path = path;
    }
    this.target = real === path ? undefined : real;
  }

  /** A tail for a file whose content was replaced. It takes over all but the source. */
  successor(): Tail {
    const tail = new Tail(this.path, this.grownAt);
    for (const name of ["dev", "ino", "birthMs", "inode", "birthNs", "target", "otherPath", "fd", "links"] as const)
      Object.assign(tail, { [name]: this[name] });
    this.fd = CLOSED;
    return tail;
  }

  /** Remembers the position before reading goes on. */
  remember(now: number): void {
    const [last] = this.earlier;
    if (this.position === 0 || (last !== undefined && now - last.at < EARLIER_MS)) return;
    const { position, checksum } = this;
    this.earlier = [{ at: now, position, checksum }, ...this.earlier.slice(0, 1)];
  }

  /** Frees what a quiet file does not need. It is made again with the next line. */
  forgetRecent(): void {
    this.envelope = undefined;
    this.earlier = NONE;
  }

  /** The file is shorter than it was. The content before the position is still there. */
  shrink(size: number): void {
    this.size = size;
    this.searched = this.position;
    this.lagMark = 0;
  }

  seek(position: number, checksum: TailChecksum): void {
    this.position = position;
    this.searched = position;
    this.checksum = checksum;
  }
}

/** In the form of `Stats.birthtimeMs`, so that the cheap poll can compare it. */
export function birthMsOf(birthNs: bigint): number {
  return Number(birthNs / 1_000_000_000n) * 1000 + Number(birthNs % 1_000_000_000n) / 1e6;
}
