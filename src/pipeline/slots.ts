// Tracks the requests under way. Decides whether another may start, how large its body may be, and which request is cancelled if
// there is no room for it. Invariants: a request without a response delays at most its own lane, and leaves room for the bodies of
// others; a server that responds to nothing gets only a few requests.
import type { Lane } from "./lane.ts";

/** A request unanswered for this long is late. Late requests, and those of lanes that failed before, do not count. */
export const LATE_MS = 5000;
const PASSED_OVER_MS = 2000;
/** Most requests that may be left uncounted while the server answers nothing. */
const MOST_LATE = 8;
/** Above the limit, a target without a request under way is tried this often: some indices may hang, and it is unknown which. */
const TRY_MS = 1000;
/** Most requests under way of an unanswered lane. It gets one more every LATE_MS: another host of the output may answer. */
const MOST_SILENT = 4;

/** A target is slow if its responses take this many times the usual time. Its requests may be cancelled for those of others. */
const SLOW = 4;
/**
 * The small request of a target that was slow or failing when it began may be cancelled after this many times as long, and after
 * twice the time of its last response.
 */
const DOUBTFUL_TIMES = 6;
/** No request is cancelled this soon after a response: the room that it freed goes to the lanes that wait. */
const CIRCULATES_MS = 1000;
/** A target that fails or is slow gets bodies as if there were at least so many of them. */
const LEAST_SHARES = 4;
/** The usual time is the median of this many responses. */
const RECENT = 31;

interface Slot {
  readonly lane: Lane;
  /** Monotonic. */
  readonly startedAt: number;
  readonly inTrouble: boolean;
  /** See Slots.isDoubtful; when it began. */
  readonly isDoubtful: boolean;
  /** Bytes of the quota for bodies. */
  readonly body: number;
  readonly cancel: AbortController;
}

export class Slots {
  private readonly slots = new Set<Slot>();
  /** Monotonic: when the last response came, and when the last request started. */
  private answeredAt = -Infinity;
  private startedAt = -Infinity;
  /** Milliseconds that the last responses took, in a ring, and their median. */
  private readonly recentMs: number[] = [];
  private answered = 0;
  private usualMs = 0;

  /** Requests under way. */
  get size(): number {
    return this.slots.size;
  }

  /** Adds a request. @returns `signal` cancels it; call `end` at its end, answered or not */
  take(
    lane: Lane,
    now: number,
    body: number,
  ): { readonly signal: AbortSignal; readonly end: (how: "answered" | "unanswered", now: number) => void } {
    const cancel = new AbortController();
    const isDoubtful = this.isDoubtful(lane);
    const slot = { lane, startedAt: now, inTrouble: lane.failures > 0, isDoubtful, body, cancel };
    this.slots.add(slot);
    this.startedAt = now;
    const end = (how: "answered" | "unanswered", then: number): void => {
      this.slots.delete(slot);
      if (how === "unanswered") return;
      this.answeredAt = then;
      this.noteResponse(lane, then - now);
    };
    return { signal: cancel.signal, end };
  }

  /** A request was answered. */
  private noteResponse(lane: Lane, ms: number): void {
    lane.responseMs = ms;
    this.recentMs[this.answered++ % RECENT] = ms;
    const sorted = this.recentMs.toSorted((a, b) => a - b);
    this.usualMs = sorted[sorted.length >> 1] as number;
  }

  /** Cancels all requests. */
  cancel(why: Error): void {
    for (const { cancel } of this.slots) cancel.abort(why);
  }

  /**
   * A lane needs room for its body. Cancels the largest request that has had no response for long: its documents are sent again
   * later. Its room is free when it has ended.
   */
  cancelLargest(now: number): void {
    // A request has just ended, and its room is free.
    if (now - this.answeredAt < CIRCULATES_MS) return;
    const { slowMs } = this;
    let largest: Slot | undefined;
    for (const slot of this.slots) {
      const ms = slot.isDoubtful ? Math.max(DOUBTFUL_TIMES * slowMs, 2 * slot.lane.responseMs) : slowMs;
      const mayGo = now - slot.startedAt >= ms && !slot.cancel.signal.aborted;
      if (mayGo && slot.body > (largest?.body ?? 0)) largest = slot;
    }
    if (!largest) return;
    const ms = now - largest.startedAt;
    largest.lane.responseMs = ms;
    const what = `no answer for ${Math.floor(ms / 1000)} s`;
    largest.cancel.abort(new Error(`${what}, and other indices needed the memory of its body`));
  }

  private get slowMs(): number {
    return Math.max(LATE_MS, SLOW * this.usualMs);
  }

  /** Whether the target takes much longer to answer than others. */
  private isSlow(lane: Lane): boolean {
    return lane.responseMs >= this.slowMs;
  }

  /** Whether the target fails or is slow, so that it gets small bodies. */
  isDoubtful(lane: Lane): boolean {
    return lane.failures > 0 || this.isSlow(lane);
  }

  /**
   * Most bytes of the lane's next body. All targets that fail or are slow leave half of the quota to the others: they may hang.
   * @param lanes all lanes, of which this is one @param bodies bytes of the quota
   */
  bytesOf(lane: Lane, lanes: Iterable<Lane>, bodies: number): number {
    if (!this.isDoubtful(lane)) return bodies;
    let [all, shares] = [0, 0];
    for (const one of lanes) {
      all++;
      if (this.isDoubtful(one)) shares++;
    }
    return all === 1 ? bodies : Math.floor(bodies / (2 * Math.max(LEAST_SHARES, shares)));
  }

  /** Whether the server has answered anything lately. */
  answers(now: number): boolean {
    return now - this.answeredAt < LATE_MS;
  }

  /** Whether any request was answered since then. */
  answeredSince(ms: number): boolean {
    return this.answeredAt > ms;
  }

  /** Whether other requests got a response long after the lane's began to wait: then the target hangs, not the server. */
  passedOver(lane: Lane, now: number): boolean {
    return this.answeredAt - (now - lane.silentMs(now)) >= PASSED_OVER_MS;
  }

  /**
   * Whether another request may start. first: only in a lane without requests under way.
   * @param limit most requests that count
   */
  free(limit: number, now: number): "any" | "first" | "none" {
    let late = 0;
    for (const slot of this.slots) if (slot.inTrouble || isLate(slot, now)) late++;
    const most = this.answers(now) ? late : MOST_LATE;
    if (this.slots.size - Math.min(late, most) < limit) return "any";
    return now - this.startedAt >= TRY_MS ? "first" : "none";
  }

  /**
   * Whether the lane has to wait for its own requests: none was answered for long and too many are under way, or late requests, and
   * those of slow targets, hold half of the quota for bodies. Those of other lanes count only if none of the lane's was answered
   * for long, or its target is slow.
   * @param bodies bytes of the quota
   */
  keepsWaiting(lane: Lane, now: number, bodies: number): boolean {
    if (lane.inFlight === 0) return false;
    const steps = Math.floor(lane.silentMs(now) / LATE_MS);
    if (steps > 0 && lane.inFlight > Math.min(steps, MOST_SILENT - 1)) return true;
    const all = steps > 0 || this.isSlow(lane);
    let held = 0;
    for (const slot of this.slots)
      if ((all || slot.lane === lane) && (isLate(slot, now) || this.isSlow(slot.lane))) held += slot.body;
    return held >= bodies / 2;
  }

  /** Milliseconds for which the oldest request has been under way; 0: there is none. */
  oldestMs(now: number): number {
    let oldest = now;
    for (const { startedAt } of this.slots) oldest = Math.min(oldest, startedAt);
    return now - oldest;
  }
}

function isLate({ startedAt }: Slot, now: number): boolean {
  return now - startedAt >= LATE_MS;
}
