// Options and result of a simulation. Both are plain data, so that the terminal, the SVG and --json show the same.
import type { Action, Ladder } from "../../core/options.ts";
import type { Transition } from "../keeper.ts";
import type { Profile } from "./profile.ts";

export interface SimulateOptions {
  readonly policy: string;
  readonly ladder: Ladder;
  /** Bytes of the ladder's share of the budget. The budget is the disk's, or memory's where there is no disk. */
  readonly budget: number;
  /** Bytes of uncompressed log that fit into memory; the rest is on disk. At most `budget`. */
  readonly memory: number;
  /** Compressed bytes in a row per byte of log. */
  readonly stored: number;
  readonly produce: Profile;
  readonly consume: Profile;
  readonly forMs: number;
  /** Bytes of a record, line end included. */
  readonly lineBytes: number;
  /** Share of the records that match the sampling rung's `always`. */
  readonly always: number;
  /** Unread bytes whose file still has a name after rotation. Unread bytes beyond this are at risk. */
  readonly named: number;
  /** At-risk bytes whose files are kept open. Beyond this, the oldest are abandoned. */
  readonly held: number;
  /**
   * ladder: spillway. unbounded: a shipper without backpressure. Its queue in memory takes everything until the system kills the
   * process at `budget`; then the queue starts empty again.
   */
  readonly mode: "ladder" | "unbounded";
}

/** All counts are records. Times `lineBytes` they are bytes. */
export interface Account {
  written: number;
  read: number;
  delivered: number;
  sampled: number;
  oldest: number;
  newest: number;
  random: number;
  rate: number;
  /** Lost when the process was killed. */
  crashed: number;
  buffered: number;
  /** Still in the file, unread. */
  waiting: number;
  abandoned: number;
}

/** One stretch of the series. Utilization and rung are the highest in it, counts are sums over it. */
export interface Point {
  readonly fromMs: number;
  readonly toMs: number;
  readonly utilization: number;
  readonly rung: number;
  readonly action: Action;
  readonly written: number;
  readonly kept: number;
  readonly delivered: number;
  readonly sampled: number;
  readonly dropped: number;
  /** At the end of the stretch. */
  readonly waiting: number;
  readonly atRiskBytes: number;
  /** Age of the oldest record that is neither delivered nor shed. */
  readonly oldestMs: number;
}

export interface Result {
  readonly options: SimulateOptions;
  readonly series: readonly Point[];
  readonly transitions: readonly Transition[];
  readonly account: Account;
  readonly msPerAction: Readonly<Partial<Record<Action, number>>>;
  readonly blockedMs: number;
  readonly peak: number;
  readonly crashes: number;
  /** Time from writing to delivery, of the delivered records. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

export function dropped(account: Account): number {
  return account.oldest + account.newest + account.random + account.rate + account.crashed;
}

/** Zero unless the simulation has a bug: every written record is accounted for once. */
export function balance(account: Account): number {
  const known = account.delivered + account.sampled + dropped(account) + account.buffered;
  return account.read - known + (account.written - account.read - account.waiting - account.abandoned);
}
