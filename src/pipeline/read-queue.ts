// The queue of waiting readers: first come, first served among those that may read now. A reader that may not (its ladder's gate
// is shut, its target takes nothing) does not hold up others. A reader that lacks only memory does, so that small reads do not
// starve a large one.
import type { Region } from "../core/arena.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { Urgency } from "../core/intake.ts";
import type { Refusal } from "../buffer/budget/room.ts";

/**
 * Why a reader waits. gate: its ladder's `block` rung. limit: a limit has shrunk and the backlog does not fit yet. rate: its
 * ladder's rate limit. The others: src/buffer/budget/room.ts.
 */
export type WaitReason = "gate" | "limit" | "rate" | Refusal;

export interface Request {
  readonly input: string;
  readonly bytes: number;
  readonly urgency: Urgency;
}

interface Waiter extends Request {
  reason: WaitReason;
  readonly resolve: (region: Region) => void;
  readonly reject: (error: unknown) => void;
}

/** Waiters are served again after this long at the latest: a rate limit, for example, is over without any event. */
const SERVE_AGAIN_MS = 250;

export class ReadQueue {
  private readonly clock: Clock;
  private readonly ask: (request: Request) => Region | WaitReason;
  private waiters: Waiter[] = [];
  private timer: Timer | undefined;
  private serving = false;

  /** @param ask returns a region for the request, or why there is none now */
  constructor(clock: Clock, ask: (request: Request) => Region | WaitReason) {
    this.clock = clock;
    this.ask = ask;
  }

  /** Resolves with a pinned region. Rejects with the signal's reason. */
  take(request: Request, signal: AbortSignal): Promise<Region> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const abort = (): void => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
        this.serve();
      };
      const granted = (region: Region): void => {
        signal.removeEventListener("abort", abort);
        resolve(region);
      };
      const waiter: Waiter = { ...request, reason: "memory", resolve: granted, reject };
      signal.addEventListener("abort", abort, { once: true });
      this.enter(waiter);
    });
  }

  /** Serves only the new waiter. The others, perhaps a thousand, were tried when something last changed. */
  private enter(waiter: Waiter): void {
    const full = this.serving || this.waiters.some(({ reason }) => reason === "memory");
    const granted: Region | WaitReason = full ? "memory" : this.ask(waiter);
    if (typeof granted !== "string") return waiter.resolve(granted);
    waiter.reason = granted;
    this.waiters.push(waiter);
    this.serveLater();
  }

  /** Serves the waiters in order, if they may read and as long as there is room. */
  serve(): void {
    if (this.serving || this.waiters.length === 0) return;
    this.serving = true;
    const left: Waiter[] = [];
    let full = false;
    for (const waiter of this.waiters) {
      const granted: Region | WaitReason = full ? "memory" : this.ask(waiter);
      if (typeof granted !== "string") {
        waiter.resolve(granted);
        continue;
      }
      waiter.reason = granted;
      full ||= granted === "memory";
      left.push(waiter);
    }
    this.waiters = left;
    this.serving = false;
    if (left.length > 0) this.serveLater();
  }

  private serveLater(): void {
    this.timer ??= this.clock.after(SERVE_AGAIN_MS, () => {
      this.timer = undefined;
      this.serve();
    });
  }

  /** By input: why its first waiting reader waits. */
  reasons(): ReadonlyMap<string, WaitReason> {
    const reasons = new Map<string, WaitReason>();
    for (const { input, reason } of this.waiters) if (!reasons.has(input)) reasons.set(input, reason);
    return reasons;
  }

  get size(): number {
    return this.waiters.length;
  }

  /** Stops reading: rejects every waiter. */
  close(error: unknown): void {
    this.timer?.cancel();
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}
