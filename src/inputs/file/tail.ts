// The state of one file. There may be 100,000 of them, so it is numbers and strings: no timer, no closure, no buffer. And
// whole numbers where that will do: a fraction, or more than 31 bits, is an object of its own.
//
// named      its path led to it at the last look. A descriptor is held only while there is something to read.
// displaced  its path leads elsewhere or nowhere. Discovery finds its new name, or that it has none.
// nameless   only the descriptor leads to it: read until nobody has written to it for a while, then let go.
// over       nothing is read of it any more.
//
// What must hold: a descriptor is closed, and the generation changed, only while no read is under way (turn "reading").
import { type BigIntStats, realpathSync } from "node:fs";
import type { Envelope } from "../../core/chunk.ts";
import type { Identity, Mark, SourceId } from "../../core/source.ts";
import { NO_MARK } from "../../core/source.ts";
import type { After } from "./records/framing.ts";
import { type Head, lastingPart, liveKey, NO_HEAD } from "./identity.ts";
import { leftIn, type Packed } from "./gzip/packed.ts";
import { type TextCode, UTF8 } from "./records/text-code.ts";

export type TailMode = "named" | "displaced" | "nameless" | "over";
/** Of the queue for turns. */
export type LaneName = "named" | "nameless";
export type Turn = "none" | "queued" | "reading";
/** start: the position is the start of a line. oversized: it is inside of a line whose rest is passed over. */
export type LineState = "start" | "oversized";
/** open: more may come. closing: what lacks its line end is taken as it is. */
export type EndState = "open" | "closing";

export const CLOSED = -1;

/** Where reading was at some time. */
export interface Past {
  readonly at: number;
  readonly position: number;
  readonly mark: Mark;
  readonly head: Head;
}
const NO_PAST: readonly Past[] = [];
/** Between what copytruncate has copied and the truncation only moments pass. */
const PAST_MS = 1000;

export class Tail {
  /** As of `liveKey`: device, inode and birth time. */
  key: string;
  dev: number;
  ino: number;
  birthMs: number;
  path: string;
  /** Where it was found first: under another name it has been rotated. */
  readonly firstPath: string;
  /** Where the path leads, as far as that is by symbolic links: they may be led elsewhere, also while nobody looks. */
  target: string | undefined;
  /** Another name that led to it. */
  alias: string | undefined = undefined;
  mode: TailMode = "named";
  turn: Turn = "none";
  /** Where it is queued. */
  lane: LaneName = "named";
  fd = CLOSED;
  links = 1;

  /** Undefined while the file is empty. */
  source: SourceId | undefined = undefined;
  /** Of a compressed file; all that follows is about its content then. */
  packed: Packed | undefined = undefined;
  head: Head = NO_HEAD;
  /** Start of the first byte that was not handed over. */
  position = 0;
  mark: Mark = NO_MARK;
  /** At most a second ago, and before that: a copy that was made since may lack what was read last. */
  past: readonly Past[] = NO_PAST;
  /** No line ends between the position and here. */
  searched = 0;
  /** Until then what is unfinished is not read again. */
  restUntil = 0;
  line: LineState = "start";
  code: TextCode = UTF8;
  end: EndState = "open";
  /** What is not waited for any more while the file has the size `quietAt`: see `After`. */
  patience: Exclude<After, "end"> = "more";
  quietAt = 0;
  envelope: Envelope | undefined = undefined;

  /** As the last look found them. */
  size = 0;
  mtimeMs = 0;
  /** fresh: written so shortly before the look that another write may have left the same time. */
  mtime: "fresh" | "settled" = "settled";
  grownAt: number;
  /** All up to `pledged` was there at `pledgedAt` and is still to be read. */
  pledged = 0;
  pledgedAt = 0;
  /** The last attempt to open or read it failed. */
  failing: "no" | "yes" = "no";
  /** Looks that did not find a displaced file anywhere. */
  misses = 0;
  /** Those that could not look where it may be. */
  blind = 0;
  /** unheard: it has grown and no watcher has said so yet, as on a network file system. */
  hints: "trusted" | "unheard" = "trusted";
  /** Agenda: milliseconds between looks, and the tick of the next one. */
  interval = 0;
  dueTick = -1;

  constructor(path: string, stats: BigIntStats, now: number) {
    this.key = liveKey(stats);
    this.dev = Number(stats.dev);
    this.ino = Number(stats.ino);
    this.birthMs = birthMs(stats);
    this.path = path;
    this.target = targetOf(path);
    this.firstPath = path;
    this.grownAt = Math.round(now);
  }

  get lag(): number {
    return Math.max(0, this.size - this.position);
  }

  /** Bytes that it takes on the disk. */
  get stored(): number {
    return this.packed?.stored ?? this.size;
  }

  /** Of its content, when the file has so many bytes. Of a compressed one it is a guess that ends with being right. */
  sizeFor(stored: number): number {
    if (this.packed === undefined) return stored;
    this.packed.stored = stored;
    return Math.max(this.position, this.packed.unpacked) + leftIn(this.packed);
  }

  /** True when a read would bring something. */
  get readable(): boolean {
    if (this.mode === "over" || this.source === undefined || this.packed?.stream === "awaited") return false;
    return this.size > this.searched || (this.end === "closing" && this.size > this.position);
  }

  /** As of the function of that name. */
  get lastingKey(): string {
    return lastingPart(this.key);
  }

  get identity(): Identity {
    const { head } = this;
    const [device = "", inode = "", birthNs = ""] = this.key.split(":");
    return { path: this.target ?? this.path, device, inode, birthNs, headLength: head.length, headHash: head.hash };
  }

  /** What the system says of it now. */
  become(stats: BigIntStats): void {
    this.key = liveKey(stats);
    this.dev = Number(stats.dev);
    this.ino = Number(stats.ino);
    this.birthMs = birthMs(stats);
  }

  /** It is called so from now on. */
  rename(path: string): void {
    if (this.path !== path) this.envelope = undefined;
    this.path = path;
    this.target = targetOf(path);
  }

  /** Before it goes on. */
  remember(now: number): void {
    const [last] = this.past;
    if (this.position === 0 || (last !== undefined && now - last.at < PAST_MS)) return;
    const { position, mark, head } = this;
    this.past = [{ at: now, position, mark, head }, ...this.past.slice(0, 1)];
  }

  /** Starts at byte 0 of a new generation. */
  rewind(): void {
    this.past = NO_PAST;
    this.source = undefined;
    this.packed = undefined;
    this.head = NO_HEAD;
    this.seek(0, NO_MARK);
    this.line = "start";
    this.patience = "more";
    this.quietAt = 0;
  }

  /** The file is known to be shorter than it was; what lies before the position is still there. */
  shrink(size: number): void {
    this.size = size;
    this.searched = this.position;
    this.pledged = 0;
  }

  seek(position: number, mark: Mark): void {
    this.position = position;
    this.searched = position;
    this.mark = mark;
  }
}

function targetOf(path: string): string | undefined {
  try {
    const target = realpathSync.native(path);
    return target === path ? undefined : target;
  } catch {
    // It is gone again, as the next look finds.
    return undefined;
  }
}

/** As `Stats` has it, so that the cheap look can compare. */
function birthMs({ birthtimeNs }: BigIntStats): number {
  return Number(birthtimeNs / 1_000_000_000n) * 1000 + Number(birthtimeNs % 1_000_000_000n) / 1e6;
}
