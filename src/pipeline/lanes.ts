// The lanes of all targets. Decides which lane sends next, and handles lanes whose target takes nothing.
import type { Outbox, Part, Waiting } from "../buffer/outbox.ts";
import type { Side } from "../buffer/chunk.ts";
import type { Clock } from "../core/clock.ts";
import type { OutputOptions } from "../core/options.ts";
import type { Circuit } from "./breaker.ts";
import { type Cause, Lane } from "./lane.ts";
import type { OutputStatus } from "./output-status.ts";
import type { Slots } from "./slots.ts";

/** Most targets with requests under way. If a thousand indices hang, each would otherwise take a connection and a body. */
const MOST_OPEN = 64;
/** Most of these that failed before. The other places are kept for working targets. */
const MOST_TROUBLED = MOST_OPEN / 2;
/** A lane that needs the whole quota for bodies and gets no room lets the others send for this long. */
const YIELD_MS = 1000;
/** Lanes are checked again after this long at the latest. */
const MOST_MS = 1000;
/** A lane whose chunks wait for a commit, or for older chunks from the disk, is checked again after this long. */
const UNREADY_MS = 50;
/** A target hangs if it has not responded for this long, and twice its last time, while the server responds to others. */
const HANGS_MS = 10_000;
const HINT_ALONE = "see the log of the server, and of what stands before it, for requests to this index";

export class Lanes {
  private readonly clock: Clock;
  private readonly outbox: Outbox;
  private readonly batch: OutputOptions["batch"];
  private readonly status: OutputStatus;
  private readonly hosts: number;
  private readonly lanes = new Map<string, Lane>();
  /** Lanes with requests under way, and those of them that had failed before their request began. */
  private readonly open = new Set<Lane>();
  private readonly troubled = new Set<Lane>();
  /** The lane that is about to send one large document. No other lane starts before it. */
  private wide: Lane | undefined;
  /** Batches are sent at once, without waiting to fill up. */
  private flushing = false;
  /** The target that sent last. If others have something to send, the next target in order sends next. */
  private last = "";
  /** Monotonic: when documents of any target were last settled. */
  private storedAt = -Infinity;
  /** Number of the current pass over all targets. A lane not seen in it has nothing to send. */
  private pass = 0;

  /** @param hosts how many the output has */
  constructor(clock: Clock, outbox: Outbox, batch: OutputOptions["batch"], status: OutputStatus, hosts = 1) {
    this.hosts = hosts;
    this.clock = clock;
    this.outbox = outbox;
    this.batch = batch;
    this.status = status;
  }

  flush(on: boolean): void {
    this.flushing = on;
  }

  [Symbol.iterator](): IterableIterator<Lane> {
    return this.lanes.values();
  }

  /** Number of lanes whose last attempts settled nothing. */
  get retrying(): number {
    let count = 0;
    for (const lane of this.lanes.values()) if (lane.failures > 0) count++;
    return count;
  }

  /**
   * The lane that may send now, or the milliseconds until one may.
   * @param expansionRatio encoded bytes per estimated byte @param free see Slots.free
   */
  next(
    expansionRatio: number,
    slots: Slots,
    free: "any" | "first" = "any",
  ): { readonly lane: Lane | undefined; readonly inMs: number } {
    const now = this.clock.now();
    this.pass++;
    let inMs = MOST_MS;
    let first: Lane | undefined;
    let next: Lane | undefined;
    let isBehind = false;
    for (const one of this.outbox.waiting()) {
      const lane = this.of(one.target);
      lane.seen = this.pass;
      const ms = Math.max(lane.startsAt - now, this.choose(lane, one, expansionRatio, now));
      if (ms > 0) inMs = Math.min(inMs, ms);
      else if (this.mayStart(lane, slots, free, now)) {
        first ??= lane;
        if (isBehind) next ??= lane;
      }
      isBehind ||= one.target === this.last;
    }
    this.forget(now, slots);
    const lane = next ?? first;
    // All wait until no request is under way.
    if (this.wide && !lane) slots.cancelLargest(now);
    if (lane) this.last = lane.target;
    return { lane, inMs: lane ? 0 : inMs };
  }

  /** Chooses whether the lane's next request takes new or old chunks. @returns milliseconds until it is due */
  private choose(lane: Lane, { parts, filling }: Waiting, expansionRatio: number, now: number): number {
    const oldIn = this.dueIn(parts.old, filling, expansionRatio, now);
    // In most cases no chunk is new.
    if (parts.new === undefined) {
      lane.side = "old";
      return oldIn;
    }
    const newIn = this.dueIn(parts.new, false, expansionRatio, now);
    if (lane.wide || (oldIn <= 0 && newIn <= 0)) lane.side = lane.nextSide;
    else lane.side = newIn < oldIn ? "new" : "old";
    return Math.min(oldIn, newIn);
  }

  /** Milliseconds until a batch is due: full, or old enough. */
  private dueIn(part: Part | undefined, filling: boolean, expansionRatio: number, now: number): number {
    if (part === undefined) return MOST_MS;
    const { bornMs, bytes, chunks } = part;
    if (bytes * expansionRatio >= this.batch.bytes || chunks >= this.outbox.fullBatch) return 0;
    if (filling) return MOST_MS;
    if (this.flushing) return 0;
    return bornMs + this.batch.age - now;
  }

  private mayStart(lane: Lane, slots: Slots, free: "any" | "first", now: number): boolean {
    if (
      !lane.mayStart(now, this.outbox.keepsLetters) ||
      (free === "first" && lane.inFlight > 0) ||
      !this.hasPlace(lane)
    )
      return false;
    return !slots.keepsWaiting(lane, now, this.outbox.bodies.most) && this.hasTurn(lane);
  }

  /** Whether the target has, or may get, one of the places for targets with requests under way. */
  private hasPlace(lane: Lane): boolean {
    if (this.open.has(lane)) return true;
    return this.open.size < MOST_OPEN && (lane.failures === 0 || this.troubled.size < MOST_TROUBLED);
  }

  private hasTurn(lane: Lane): boolean {
    // A wide lane that found no room before claims all bodies again: otherwise the others would never leave it enough.
    if (lane.wide) this.wide ??= lane;
    if (this.wide && this.wide !== lane) return false;
    return !lane.wide || this.outbox.bodies.used === 0;
  }

  private of(target: string): Lane {
    let lane = this.lanes.get(target);
    if (!lane) this.lanes.set(target, (lane = new Lane(target, this.batch.records, this.hosts)));
    return lane;
  }

  /** Drops lanes with nothing to send and no state to keep, and marks stuck targets that may be tried again for a probe. */
  private forget(now: number, slots: Slots): void {
    for (const [target, lane] of this.lanes) {
      this.watch(lane, slots, now);
      const { inFlight } = lane;
      const waits = lane.seen === this.pass;
      const isKept =
        slots.isDoubtful(lane) || lane.owesOld || lane.suspects.size > 0 ? this.outbox.isWanted(target) : waits;
      const idle = inFlight === 0 && !isKept;
      if (idle) this.drop(lane, now);
      else if (lane.isStuck(now))
        this.outbox.setTarget(target, now >= lane.retryAt && inFlight === 0 ? "probe" : "stuck");
    }
    if (this.wide && this.wide.seen !== this.pass) this.wide = undefined;
  }

  /** Marks a lane as hanging if its target answers nothing while the server answers others. */
  private watch(lane: Lane, slots: Slots, now: number): void {
    const ms = Math.max(HANGS_MS, 2 * lane.responseMs);
    if (lane.hangs || lane.silentMs(now) < ms || !slots.passedOver(lane, now)) return;
    lane.hangs = true;
    const why = `it has not answered a request for ${Math.floor(ms / 1000)} s, while the server answers others`;
    lane.trouble ??= { why, hint: "", atMs: this.clock.wall() };
    this.status.stalled(lane.target, why, "");
  }

  private drop(lane: Lane, now: number): void {
    this.lanes.delete(lane.target);
    if (lane.isStuck(now)) this.outbox.setTarget(lane.target, "takes");
  }

  begun(lane: Lane, side: Side): void {
    lane.begun(this.clock.now(), side);
    this.open.add(lane);
    if (lane.failures > 0) this.troubled.add(lane);
  }

  ended(lane: Lane, circuit: Circuit): void {
    lane.ended(this.clock.now());
    if (lane.inFlight === 0) for (const set of [this.open, this.troubled]) set.delete(lane);
    this.release(lane);
    this.status.circuit(circuit);
  }

  private release(lane: Lane): void {
    lane.narrow();
    if (this.wide === lane) this.wide = undefined;
  }

  /** The lane's next document needs the whole quota for bodies. If the lane was wide already, that document is done with. */
  widen(lane: Lane, side: Side): void {
    if (lane.wide) return this.release(lane);
    lane.widen(side);
    this.wide = lane;
  }

  /** None of the lane's chunks may be sent yet. Other lanes go on meanwhile. */
  unready(lane: Lane): "next" {
    lane.pausedUntil = this.clock.now() + UNREADY_MS;
    return "next";
  }

  /** There was no room for the lane's body. */
  noRoom(lane: Lane, slots: Slots): "full" {
    if (lane.mayCancelOthers) slots.cancelLargest(this.clock.now());
    if (this.wide === lane) {
      lane.pausedUntil = this.clock.now() + YIELD_MS;
      this.wide = undefined;
    }
    return "full";
  }

  /** @param restMs see Lane.progressed @param docs see Lane.progressed */
  progressed(lane: Lane, restMs: number, docs?: number): void {
    this.outbox.took(lane.target);
    this.storedAt = this.clock.now();
    lane.progressed(restMs, this.clock.now(), this.clock.random(), docs);
    this.outbox.setTarget(lane.target, "takes");
    this.status.recovered(lane.target, "takes");
    this.status.settled();
  }

  /**
   * A request of one document was refused, and the document may be the cause. The target's other documents are tried next.
   * @param isQuiet the target has stored nothing since the try before
   */
  suspected(lane: Lane, isQuiet: boolean, why: string, hint: string): void {
    lane.clearStuck();
    this.outbox.setTarget(lane.target, "takes");
    if (!isQuiet) return;
    // In an outage every document is refused. The outage has been logged.
    this.failed(lane, this.status.isDown ? "server" : "unclear", why, hint, 0);
  }

  failed(lane: Lane, by: Cause, why: string, hint: string, askedMs: number): void {
    const { clock } = this;
    if (this.status.isDown) lane.whole.clear();
    else if (by === "server") lane.whole.add(this.storedAt, clock.now());
    lane.failed(by, { why, hint, atMs: clock.wall() }, clock.now(), clock.random(), askedMs);
    this.status.failed(by === "target" || lane.whole.isBeside ? "target" : "server", lane.target, why, hint);
    if (!lane.isStuck(clock.now()) && !lane.isHeld) return;
    this.status.stalled(lane.target, why, hint === "" && lane.whole.isAlone ? HINT_ALONE : hint);
  }
}
