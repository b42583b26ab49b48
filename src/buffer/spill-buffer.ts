// The buffer's door. Everything here is one synchronous step on the state, or the loop that carries transactions to the
// spool and their answers back. Callers wait only in `room` and on `changes`; both are looked at again on a timer too.
import type { Arena, Region } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import type { Draft, Envelope } from "../core/chunk.ts";
import { assert, describe } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Identity, KnownSource, SourceId } from "../core/source.ts";
import { Wakeup } from "../core/wakeup.ts";
import { admitDraft } from "./admit.ts";
import { envelopeOf } from "./envelopes.ts";
import { expire } from "./evict.ts";
import { restore, shareOf } from "./restore.ts";
import { enterSpill, heal, leaveSpill, stalls } from "./modes.ts";
import { Ledger } from "./ledger.ts";
import { Loader } from "./loader.ts";
import type { Quotas } from "./quotas.ts";
import { RoomQueue } from "./room.ts";
import type { Share } from "./shares.ts";
import { answeredFor, identifySource, noticeGone, openSource } from "./sources.ts";
import type { SourceState } from "./chunk.ts";
import type { Committed, Recovered, Spool } from "./spool.ts";
import { BufferState } from "./state.ts";
import { type Writing, committed, compose, failed } from "./writer.ts";
import { PACE_MS, pace } from "./pace.ts";

/** To a commit that new sources wait for; what else comes meanwhile goes with it. */
const SOON_MS = 5;
const PROBE_MS = 2000;
const IDLE_MS = 10_000;

export interface BufferParts {
  readonly clock: Clock;
  readonly arena: Arena;
  readonly quotas: Quotas;
  readonly log: Log;
  readonly spool: Spool;
  readonly recovered: Recovered;
  readonly rowBudget: number;
  /** Ratio of the budget per policy in use. */
  readonly shares: Readonly<Record<string, number>>;
}

export class SpillBuffer {
  readonly state: BufferState;
  /** Notified after every step that may let somebody go on. */
  readonly changes: Wakeup;
  private readonly parts: BufferParts;
  private readonly known: Map<string, KnownSource>;
  private readonly waiting: RoomQueue;
  private readonly loader: Loader;
  private writing: Writing | undefined;
  private lastCommit: number;
  private timer: { cancel(): void } | undefined;
  private timerAt = Infinity;
  /** Real size of database and WAL after the last commit. */
  diskBytes: number;

  constructor(parts: BufferParts) {
    const { clock, arena, quotas, recovered, rowBudget } = parts;
    this.parts = parts;
    this.state = new BufferState({ clock, arena, quotas, rowBudget, ledger: new Ledger(recovered.ledger) });
    this.changes = new Wakeup(clock);
    this.waiting = new RoomQueue(this.state);
    this.loader = new Loader(this.state, parts.spool, parts.log);
    this.lastCommit = clock.now();
    this.diskBytes = recovered.size;
    for (const [policy, ratio] of Object.entries(parts.shares)) {
      this.state.shares.set(policy, { policy, ratio, memory: 0, disk: 0 });
    }
    this.known = new Map(recovered.sources.map((s) => [s.id, s]));
    restore(this.state, recovered);
    this.wake(0);
  }

  /** Sources that the state database knows for an input and that are not open yet. */
  knownSources(input: string): KnownSource[] {
    return [...this.known.values()].filter((s) => s.input === input);
  }

  openSource(known: KnownSource, size: number): void {
    const durable = this.known.delete(known.id);
    openSource(this.state, known, size, durable);
    this.wake(durable ? PACE_MS : SOON_MS);
  }

  identify(id: SourceId, identity: Identity): void {
    const source = this.source(id);
    identifySource(this.state, source, identity);
    this.wake(source.durable ? PACE_MS : SOON_MS);
  }

  /** The file is unlinked or truncated: what is unresolved of it can never be read again. */
  gone(id: SourceId): void {
    noticeGone(this.state, this.source(id));
    this.wake(0);
  }

  answered(id: SourceId): boolean {
    return answeredFor(this.state, this.source(id));
  }

  forget(id: SourceId): void {
    this.source(id).retired = true;
    this.wake(PACE_MS);
  }

  private source(id: SourceId): SourceState {
    const source = this.state.sources.get(id);
    assert(source !== undefined, `source ${id} is not open`);
    return source;
  }

  envelope(facts: Omit<Envelope, "id">): Envelope {
    return envelopeOf(this.state, facts);
  }

  /** Waits for room, first come first served. Rejects with the signal's reason. */
  room(bytes: number, signal: AbortSignal): Promise<Region> {
    return this.waiting.take(bytes, signal);
  }

  giveUp(region: Region): void {
    this.waiting.giveUp(region);
    this.advance();
  }

  /** The reader's region is about to become a chunk's: it no longer counts as being read into. */
  handOver(region: Region): void {
    this.waiting.handOver(region);
  }

  /** Bytes that the ladders share: the disk's for rows, or the memory's when nothing can be written. */
  budget(): number {
    const { rowBudget, mode, quotas } = this.state;
    return rowBudget > 0 && mode !== "degraded" ? rowBudget : quotas.pool - quotas.page;
  }

  /** Bytes that a share's open chunks occupy of that budget. */
  occupied(share: Share): number {
    return this.state.rowBudget > 0 && this.state.mode !== "degraded" ? share.disk : share.memory;
  }

  /** @param keep one in `keep` was kept, where the draft counts sampled records */
  admit(draft: Draft, keep: number): Promise<void> {
    if (draft.region) this.waiting.handOver(draft.region);
    const answered = admitDraft(
      this.state,
      draft,
      keep,
      this.source(draft.source),
      shareOf(this.state, draft.envelope.policy),
    );
    this.advance();
    return answered;
  }

  /** Lets go of what was read longer than `maxAge` milliseconds ago; 0 = never. */
  expire(maxAge: number): void {
    if (maxAge === 0) return;
    expire(this.state, this.parts.clock.wall() - maxAge);
    this.advance();
  }

  /** Whether the sources outgrow the sink, as somebody outside sees it: while they do, the spool takes what is read. */
  lag(grows: boolean): void {
    this.state.lag = grows ? "grows" : "steady";
    if (grows) enterSpill(this.state);
    if (this.state.mode === "spill") this.wake(grows ? 0 : PACE_MS);
  }

  /** After the sink's verdicts, evictions, releases: lets everybody go on who can. */
  advance(): void {
    this.waiting.grant();
    this.pageIn();
    this.changes.notify();
    const ms = pace(this.state);
    this.wake(ms === PACE_MS ? ms : Math.max(0, this.lastCommit + ms - this.parts.clock.now()));
  }

  /** Runs the loop again in at most `ms`. */
  private wake(ms: number): void {
    const at = this.parts.clock.now() + ms;
    if (at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.parts.clock.after(ms, () => {
      this.timerAt = Infinity;
      this.turn();
    });
  }

  /** One turn of the loop: modes, then a transaction when one is due. */
  private turn(): void {
    const { state } = this;
    if (stalls(state)) enterSpill(state);
    leaveSpill(state);
    this.commitIfDue();
    this.pageIn();
    this.waiting.grant();
    const written = state.fresh.size === 0 && state.endedRows.size === 0;
    this.wake(state.open > 0 ? PACE_MS / 4 : written ? IDLE_MS : PACE_MS);
  }

  private commitIfDue(): void {
    const { state } = this;
    if (this.writing) return;
    const since = this.parts.clock.now() - this.lastCommit;
    const probe = state.mode === "degraded";
    if (since < (probe ? PROBE_MS : pace(state))) return;
    const writing = compose(state, probe ? "probe" : "regular");
    this.lastCommit = this.parts.clock.now();
    if (writing) void this.commit(writing);
  }

  private async commit(writing: Writing): Promise<void> {
    const { state, parts } = this;
    this.writing = writing;
    let answer: Committed | undefined;
    try {
      answer = await parts.spool.commit(writing.transaction);
    } catch (error) {
      const consequence = "the buffer goes on in memory; files are read again after a crash, nothing is lost";
      parts.log.error("disk_failed", `could not write the state database: ${describe(error)}; ${consequence}`);
      failed(state, writing);
    }
    if (answer) {
      if (state.mode === "degraded") parts.log.info("disk_up", "the state database can be written again");
      committed(state, writing, answer);
      heal(state);
      this.diskBytes = answer.size;
    }
    this.writing = undefined;
    this.advance();
  }

  private pageIn(): void {
    this.loader.fill((outcome) => {
      if (outcome === "failed") this.wake(PACE_MS);
      else this.advance();
    });
  }

  /** M5: everything unresolved becomes a row. Resolves when nothing wants one, or the disk refuses. */
  async persist(): Promise<void> {
    const { state } = this;
    state.phase = "stopping";
    this.waiting.close();
    enterSpill(state);
    for (let idle = 0; idle < 2 && state.mode !== "degraded";) {
      while (this.writing) await this.changes.wait(100);
      const writing = compose(state, "regular");
      idle = writing ? 0 : idle + 1;
      if (writing) await this.commit(writing);
    }
    this.timer?.cancel();
    this.timerAt = -Infinity;
  }
}
