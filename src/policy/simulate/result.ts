// What goes into a simulation and what comes out. Plain data, so that a terminal, an SVG and --json show the same.
import type { Action, Ladder } from "../../core/options.ts";
import type { Transition } from "../keeper.ts";
import type { Profile } from "./profile.ts";

export interface SimulateOptions {
  readonly policy: string;
  readonly ladder: Ladder;
  /** Bytes of the ladder's share of the budget that binds. */
  readonly budget: number;
  /** Bytes of log that memory holds: at their own size. What is more lies on disk. At most the budget. */
  readonly memory: number;
  /** Bytes that a byte of log takes as a compressed row. */
  readonly stored: number;
  readonly produce: Profile;
  readonly consume: Profile;
  readonly forMs: number;
  /** Bytes of a record with its line end. */
  readonly lineBytes: number;
  /** Share of the records that match the sampling rung's `always`. */
  readonly always: number;
  /** Unread bytes that still have a name after rotation; what lies beyond is at risk. */
  readonly named: number;
  /** Bytes at risk that are held open; beyond them the oldest are abandoned. */
  readonly held: number;
  /**
   * ladder: spillway. unbounded: what happens without backpressure, a queue in memory that takes everything until the
   * system kills the process at `budget`, and begins empty again.
   */
  readonly mode: "ladder" | "unbounded";
}

/** Records; bytes are these times lineBytes. */
export interface Account {
  written: number;
  read: number;
  delivered: number;
  sampled: number;
  oldest: number;
  newest: number;
  random: number;
  rate: number;
  /** Lost with a killed process. */
  crashed: number;
  buffered: number;
  /** In the file, unread. */
  waiting: number;
  abandoned: number;
}

/** One stretch of the series: levels are the highest in it, counts are sums over it. */
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
  /** From writing to delivery, of what was delivered. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

export function dropped(account: Account): number {
  return account.oldest + account.newest + account.random + account.rate + account.crashed;
}

/** Zero, or the simulation is wrong. */
export function balance(account: Account): number {
  const known = account.delivered + account.sampled + dropped(account) + account.buffered;
  return account.read - known + (account.written - account.read - account.waiting - account.abandoned);
}
