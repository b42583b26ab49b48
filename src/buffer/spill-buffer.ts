// The public interface of the buffer: its own methods for intake, policy and the agent, `sources` for inputs, `outbox` for
// delivery. Every method is one synchronous step on the state, after which waiters are woken. Code outside of the buffer does
// not change chunks, leases or the state.
import type { Arena, Region } from "../core/arena.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { Wakeup } from "../core/wakeup.ts";
import { type Admission, admitDraft } from "./admit.ts";
import { AgeClock, type Boot } from "./age-clock.ts";
import { CommitLoop, PACE_MS } from "./commit/commit-loop.ts";
import { type BufferFigures, figures, hasRowsOnDisk } from "./figures.ts";
import { IdleQueues } from "./idle-queues.ts";
import { Ledger } from "./ledger/ledger.ts";
import type { Quotas } from "./budget/limits.ts";
import { spillAll, updateModes } from "./budget/modes.ts";
import { Outbox } from "./outbox.ts";
import { Newest } from "./newest.ts";
import { Pager } from "./loading/pager.ts";
import { type ShareSpec, newShare } from "./budget/share.ts";
import { restore } from "./restore.ts";
import { RowLimit } from "./budget/row-limit.ts";
import {
  type Level,
  type Refusal,
  Reservations,
  type Wanted,
  level,
  levelBesideStuck,
  setAside,
} from "./budget/room.ts";
import { Shedder } from "./budget/shedder.ts";
import { Sources } from "./sources/sources.ts";
import type { Recovered, Spool } from "./spool/spool.ts";
import { BufferState } from "./state.ts";

const IDLE_MS = 10_000;

export interface BufferParts {
  readonly clock: Clock;
  readonly boot: Boot;
  readonly arena: Arena;
  readonly quotas: Quotas;
  readonly log: Log;
  readonly spool: Spool;
  readonly recovered: Recovered;
  /** Bytes of rows that the database may hold; 0: no rows at all. */
  readonly rows: number;
  /** By the name of the ladder, for each ladder in use. */
  readonly shares: Readonly<Record<string, ShareSpec>>;
  /** For how many milliseconds a chunk is new, and sent before older ones; 0: the oldest are sent first. */
  readonly newMs: number;
}

export type { Level };

export class SpillBuffer {
  readonly sources: Sources;
  readonly outbox: Outbox;
  /** Notified after every step that may let a waiter continue. */
  readonly changes: Wakeup;
  readonly arena: Arena;
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly reservations = new Reservations();
  private readonly limit: RowLimit;
  private readonly commits: CommitLoop;
  private readonly pager: Pager;
  private readonly shedder: Shedder;
  private readonly newest: Newest;
  private readonly idle: IdleQueues;
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private surveying = false;
  /** Wall clock when the oldest row on disk was read, as the last survey said. */
  private oldestOnDisk: number | undefined;
  /** Age clock when the oldest row of a queue was read, by the queue's id, as the last survey said. */
  private readonly agedOnDisk = new Map<number, number>();

  constructor(parts: BufferParts) {
    const { clock, boot, arena, quotas, recovered, spool, log } = parts;
    const age = new AgeClock(clock, boot, recovered.meta?.age);
    const limits = { rows: parts.rows };
    this.arena = arena;
    this.spool = spool;
    const state = new BufferState({ clock, age, arena, quotas, limits, ledger: new Ledger(recovered.ledger) });
    this.state = state;
    this.changes = new Wakeup(clock);
    this.sources = new Sources(state, (ms) => this.wake(ms));
    this.outbox = new Outbox(state, () => this.advance());
    this.newest = new Newest(state, parts.newMs);
    this.idle = new IdleQueues(state);
    this.limit = new RowLimit(state, log, parts.rows);
    this.commits = new CommitLoop(state, spool, log, this.limit, () => this.advance());
    this.pager = new Pager(state, spool, log, (ms) => (ms === 0 ? this.advance() : this.wake(ms)));
    this.shedder = new Shedder(state, spool, log, () => this.advance());
    for (const [policy, spec] of Object.entries(parts.shares)) state.shares.set(policy, newShare(policy, spec));
    restore(state, recovered);
    this.limit.measured(recovered.room, false);
    state.phase = "opening";
  }

  /** Starts the loop. Call this after all sources are added, because rows may refer to any of them. */
  start(): void {
    this.state.phase = "running";
    this.newest.look();
    this.wake(0);
  }

  /** Returns a pinned region to read into, or the reason why there is none now. */
  reserve(wanted: Wanted): Region | Refusal {
    return this.reservations.take(this.state, wanted);
  }

  /** Takes back a region, still pinned, into which nothing was read. */
  giveUp(region: Region): void {
    this.endReservation(region);
    this.arena.unpin(region);
    this.arena.release(region);
    this.advance();
  }

  /** The region's bytes are about to be admitted, so the region no longer counts as held by a reader. */
  endReservation(region: Region): void {
    this.reservations.release(this.state, region);
  }

  /**
   * Admits a draft. The drafts of a source must come in span order without gaps.
   * @returns resolves at once if the chunk can be read again from its file, else once it is a durable row or settled
   */
  admit(admission: Admission): Promise<void> {
    const answered = admitDraft(this.state, admission, this.sources.of(admission.draft.source));
    this.advance();
    return answered;
  }

  level(policy: string): Level {
    return level(this.state, this.state.share(policy));
  }

  /** The same without what the ladder holds for stuck targets. Undefined if it holds nothing for any, or `target` is stuck. */
  levelBesideStuck(policy: string, targets: readonly string[]): Level | undefined {
    return levelBesideStuck(this.state, this.state.share(policy), targets);
  }

  /** Bytes of rows, apart from those set aside, while no bytes of rows are allowed; otherwise 0. */
  get rowsWithoutDisk(): number {
    return this.state.limits.rows === 0 ? Math.max(0, this.state.stored - setAside(this.state, undefined)) : 0;
  }

  /** Drops the oldest chunks of a ladder, or random ones, until this many bytes are free. */
  evict(policy: string, bytes: number, order: "oldest" | "random"): void {
    if (this.shedder.evict(this.state.share(policy), bytes, order)) this.advance();
  }

  /** Drops chunks that were read more than `maxAge` milliseconds ago; 0 = never. */
  expire(maxAge: number): void {
    if (maxAge === 0) return;
    this.shedder.expire(this.state.age.now() - maxAge, ({ id }) => this.agedOnDisk.get(id) ?? Infinity);
    this.advance();
  }

  /** Sets whether inputs outpace the output, as the caller measures it. While they do, all queues spill to disk. */
  lag(grows: boolean): void {
    this.state.lag = grows ? "grows" : "steady";
    if (grows) spillAll(this.state);
    this.wake(grows ? 0 : PACE_MS);
  }

  /** Sets how many bytes of rows the database may hold. */
  resize(rows: number): void {
    this.limit.configure(rows);
    this.advance();
  }

  /** By ladder: the size of its share, in bytes, into which its backlog last fitted. Kept across restarts. */
  get fitted(): Readonly<Record<string, number>> {
    return this.state.fitted;
  }

  /** Notes that a ladder's backlog fits into this many bytes. Ignored while the disk fails, which is a temporary limit. */
  keepFitted(policy: string, bytes: number): void {
    if (this.state.disk !== "working") return;
    this.state.fitted = { ...this.state.fitted, [policy]: bytes };
    this.wake(PACE_MS);
  }

  figures(): BufferFigures & Pick<RowLimit, "diskBytes" | "deadLetters"> {
    const known = figures(this.state);
    const oldestMs = Math.min(known.oldestMs ?? Infinity, this.oldestOnDisk ?? Infinity);
    const { diskBytes, deadLetters } = this.limit;
    return { ...known, oldestMs: oldestMs === Infinity ? undefined : oldestMs, diskBytes, deadLetters };
  }

  /** Called once a second: asks the spool for what only the spool knows. Does nothing while an earlier survey is in flight. */
  async survey(): Promise<void> {
    if (this.surveying) return;
    this.surveying = true;
    const found = await this.spool.survey().catch((error: unknown) => this.commits.unwritable(error));
    this.surveying = false;
    let oldest = Infinity;
    if (found) {
      this.limit.measured(found.room, false);
      this.agedOnDisk.clear();
      for (let i = 0; i < found.oldest.length; i += 3) {
        const [queue, agedMs, readAtMs] = found.oldest.subarray(i, i + 3) as unknown as [number, number, number];
        this.agedOnDisk.set(queue, agedMs);
        oldest = Math.min(oldest, readAtMs);
      }
    }
    this.oldestOnDisk = oldest === Infinity || !hasRowsOnDisk(this.state) ? undefined : oldest;
  }

  /** Chunks with open records, in memory or not. */
  get open(): number {
    return this.state.open;
  }

  /** Writes everything unresolved as rows. Resolves when that is done, the disk refuses, or it hangs for `patienceMs`. */
  async persist(patienceMs: number): Promise<void> {
    await this.commits.persist(patienceMs, (ms) => this.changes.wait(ms));
    this.timer?.cancel();
    this.timerAt = -Infinity;
  }

  /** Starts loads that are possible now, wakes all waiters, and schedules the loop for the next commit. */
  private advance(): void {
    this.pager.step();
    this.changes.notify();
    this.wake(Math.min(PACE_MS, Math.max(0, this.commits.dueIn)));
  }

  /** Schedules the loop to run in at most `ms`. */
  private wake(ms: number): void {
    if (this.state.phase === "opening") return;
    const at = this.state.clock.now() + ms;
    if (at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.state.clock.after(ms, () => {
      this.timerAt = Infinity;
      this.turn();
    });
  }

  private turn(): void {
    const { state } = this;
    updateModes(state);
    this.newest.look();
    this.idle.look();
    this.commits.step();
    this.pager.step();
    this.changes.notify();
    const written = state.fresh.size + state.ended.size + state.changed.size === 0 && state.passed.isEmpty;
    this.wake(state.open > 0 ? PACE_MS / 4 : written ? IDLE_MS : PACE_MS);
    // Nothing of a new source is sent before its commit, and there may be no other reason for a commit soon.
    if (state.notYetDurable.size > 0) this.wake(Math.max(1, this.commits.dueIn));
  }
}
