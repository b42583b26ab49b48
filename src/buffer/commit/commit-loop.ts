// Sends transactions to the spool, one at a time, applies the answers, and says how soon the next transaction is due. A disk
// that fails or hangs is retried without end; meanwhile the buffer works in memory.
import { describeWithHint, hasCode, isFull } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { committed } from "./committed.ts";
import { EvictionLog, keepsLetters } from "../ledger/dead-letters.ts";
import { mergeSettled } from "./merge-settled.ts";
import { LATE_MS, setDisk, spillAll, stageFills } from "../budget/modes.ts";
import type { RowLimit } from "../budget/row-limit.ts";
import type { Committed, Spool } from "../spool/spool.ts";
import type { BufferState } from "../state.ts";
import { MOST_REMOVED, type Writing, compose, failed } from "./writer.ts";

/** Interval between commits while nothing is urgent. */
export const PACE_MS = 1000;
/**
 * Delay before a commit for new sources. Thousands may come at once, and later changes join the same commit. Without the
 * delay, 10,000 files took 1.5 times as long.
 */
const NEW_SOURCE_MS = 20;
/** Interval between merges of settled chunks. A merge scans all chunks without a row. */
const MERGE_MS = 250;
/** Interval between retries of a failed disk. */
const PROBE_MS = 2000;

export class CommitLoop {
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly log: Log;
  private readonly limit: RowLimit;
  private readonly ended: () => void;
  private readonly evictions: EvictionLog;
  private writing: Writing | undefined;
  private lastCommit: number;
  private mergedAt = -Infinity;

  /** @param ended called when a commit has succeeded or failed */
  constructor(state: BufferState, spool: Spool, log: Log, limit: RowLimit, ended: () => void) {
    this.state = state;
    this.spool = spool;
    this.log = log;
    this.limit = limit;
    this.ended = ended;
    this.evictions = new EvictionLog(state.clock, log);
    this.lastCommit = state.clock.now();
  }

  /** Milliseconds until a commit may be due. */
  get dueIn(): number {
    // The answer to the commit in flight wakes the loop.
    if (this.writing) return PACE_MS;
    return this.lastCommit + this.pace() - this.state.clock.now();
  }

  private pace(): number {
    const { state } = this;
    if (state.disk !== "working") return PROBE_MS;
    if (this.presses()) return 0;
    return state.notYetDurable.size > 0 ? NEW_SOURCE_MS : PACE_MS;
  }

  private presses(): boolean {
    const { state } = this;
    if (state.urgent.size > 0 || state.phase === "stopping") return true;
    if (!keepsLetters(state)) return true;
    // Settled rows keep their objects until they are removed, so small rows can drain only as fast as rows are removed.
    return state.ended.size > MOST_REMOVED / 2 || stageFills(state);
  }

  /** Commits what is due. */
  step(): void {
    this.watch();
    this.merge();
    this.evictions.say();
    if (this.dueIn > 0) return;
    const writing = compose(this.state, this.state.disk === "working" ? "regular" : "probe");
    this.lastCommit = this.state.clock.now();
    if (writing) void this.commit(writing);
  }

  /** Settled chunks that the checkpoint cannot pass must not use up the limit on chunks without a row. */
  private merge(): void {
    const { state } = this;
    const now = state.clock.now();
    if (state.fresh.size < state.quotas.fresh / 2 || now - this.mergedAt < MERGE_MS) return;
    this.mergedAt = now;
    mergeSettled(state, this.writing?.sources);
  }

  /** A commit without an answer for LATE_MS counts as failed until the answer comes. */
  private watch(): void {
    const { state, writing } = this;
    if (!writing || state.disk !== "working" || state.clock.now() - writing.sinceMs < LATE_MS) return;
    setDisk(state, "late");
    this.log.error("disk_late", `the state database has not answered for ${LATE_MS / 1000} s; ${CONSEQUENCE}`);
  }

  /** Another call to the spool has found that the database cannot be written, before a commit was due. */
  unwritable(error: unknown): undefined {
    if (this.state.disk !== "working" || !hasCode(error, "state-moved", "state-unusable", "state-full")) return;
    setDisk(this.state, "failed");
    this.log.error("disk_failed", `could not write the state database: ${describeWithHint(error)}; ${CONSEQUENCE}`);
  }

  private async commit(writing: Writing): Promise<void> {
    const { state, log } = this;
    this.writing = writing;
    let answer: Committed | undefined;
    try {
      answer = await this.spool.commit(writing.transaction);
    } catch (error) {
      failed(state, writing);
      // A full disk has not failed yet: the next commit has no new rows, and delivered rows can always be removed.
      if (isFull(error) && writing.added.length > 0) this.limit.full(error);
      else if (setDisk(state, "failed"))
        log.error("disk_failed", `could not write the state database: ${describeWithHint(error)}; ${CONSEQUENCE}`);
    }
    // Outside the try block: an exception here must not undo in memory what is already durable.
    if (answer) {
      if (setDisk(state, "working")) log.info("disk_up", "the state database can be written again");
      committed(state, writing, answer);
      this.evictions.note(answer.evicted);
      this.evictions.say();
      this.limit.measured(answer.room, writing.added.length > 0);
    }
    this.writing = undefined;
    this.lastCommit = state.clock.now();
    this.ended();
  }

  /**
   * For shutdown: writes everything unresolved as rows, and tries a failed disk once more. Resolves when no chunk needs a
   * row any more, when the disk refuses, or when the disk has not answered within `patienceMs`.
   * @param wait waits for the answer to a commit, at most this many milliseconds
   */
  async persist(patienceMs: number, wait: (ms: number) => Promise<void>): Promise<void> {
    const { state } = this;
    state.phase = "stopping";
    spillAll(state);
    await this.writeAll(patienceMs, wait);
    this.evictions.say("now");
    this.sayUnsaved();
  }

  private async writeAll(patienceMs: number, wait: (ms: number) => Promise<void>): Promise<void> {
    const { state } = this;
    const until = state.clock.now() + patienceMs;
    for (let idle = 0, tries = 0; idle < 2 && tries < 2;) {
      while (this.writing && state.clock.now() < until) await wait(100);
      if (this.writing) return;
      const probe = state.disk !== "working";
      const writing = compose(state, probe ? "probe" : "regular");
      idle = writing ? 0 : idle + 1;
      if (!writing) continue;
      if (probe) tries++;
      await Promise.race([this.commit(writing), wait(Math.max(0, until - state.clock.now()))]);
    }
  }

  /** Logs the records that have no row: they are read again at the next start, or are lost. */
  private sayUnsaved(): void {
    const { state, log } = this;
    let [again, lost] = [0, 0];
    for (const chunk of state.fresh) {
      if (chunk.replayable) again += chunk.open;
      else lost += chunk.open;
    }
    const why = state.disk === "working" ? "buffer.disk has no room for it" : "the state database cannot be written";
    const rest = again > 0 ? `; ${again} more are read again from their files at the next start` : "";
    if (lost > 0) {
      const sentence = `${lost} records of files that are gone were not delivered and could not be kept, since ${why}: they are lost`;
      log.error("records_unsaved", `${sentence}${rest}`, { lost, again });
    } else if (again > 0 && state.disk !== "working") {
      const sentence = `${why}: ${again} records that were not delivered are read again from their files at the next start`;
      log.warn("records_unsaved", sentence, { lost, again });
    }
  }
}

const CONSEQUENCE = "the buffer goes on in memory; files are read again after a crash, nothing is lost";
