// A buffer state with chunks in it, for tests of single rules. The test advances its clock, and decides when it is written to a
// real database.
import assert from "node:assert/strict";
import { admitDraft } from "../../src/buffer/admit.ts";
import { AgeClock } from "../../src/buffer/age-clock.ts";
import type { Chunk, Queue } from "../../src/buffer/chunk.ts";
import type { Share } from "../../src/buffer/budget/share.ts";
import { newShare } from "../../src/buffer/budget/share.ts";
import { committed } from "../../src/buffer/commit/committed.ts";
import { envelopeOf } from "../../src/buffer/sources/envelopes.ts";
import { inspect } from "../../src/buffer/inspect/inspect.ts";
import { Ledger } from "../../src/buffer/ledger/ledger.ts";
import type { Quotas } from "../../src/buffer/budget/limits.ts";
import { setMode } from "../../src/buffer/budget/modes.ts";
import { pageOut } from "../../src/buffer/loading/page-out.ts";
import { type SourceState } from "../../src/buffer/sources/source-state.ts";
import { openSource } from "../../src/buffer/sources/sources.ts";
import { BufferState } from "../../src/buffer/state.ts";
import { type Writing, compose, failed } from "../../src/buffer/commit/writer.ts";
import { Arena } from "../../src/core/arena.ts";
import { type Draft, TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import type { Count, Fate } from "../../src/core/fate.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { Disk } from "./disk.ts";

const KIB = 1024;
export const QUOTAS: Quotas = {
  ...{ largest: 4 * KIB, bodies: 64 * KIB, pool: 256 * KIB, page: 4 * KIB, stage: 64 * KIB, leased: 128 * KIB },
  ...{ slice: 64 * KIB, sliceRows: 4000, ahead: 64 * KIB, chunks: 1000, fresh: 8192, window: 8192 },
  ...{ leastCharge: 32, deadLetters: 8 * KIB },
};
export const ROWS = 1 << 20;

export interface HeldOptions {
  readonly quotas?: Partial<Quotas>;
  /** Byte limit of the dead-letter table. */
  readonly deadLetters?: number;
  /** Byte limit of the rows; 0: no disk. */
  readonly rows?: number;
  /** By ladder: its part of the budget, its number of inputs, and the utilization at which the first rung is entered. */
  readonly shares?: Readonly<Record<string, readonly [ratio: number, inputs: number, firstRung?: number]>>;
}

export interface Kept {
  readonly source?: string;
  readonly target?: string;
  readonly policy?: string;
  readonly counted?: ReadonlyMap<Fate, Count>;
  readonly keep?: number;
  readonly ended?: "cut";
  /** Every record gets an entry in a record table, and its bytes are its line without the line end. */
  readonly table?: boolean;
  /** Bytes of action metadata. */
  readonly actions?: string;
}

export class Held implements Disposable {
  readonly clock = new ManualClock();
  readonly arena = new Arena(1 << 20, { poison: 0xdb });
  readonly state: BufferState;
  readonly disk: Disk;
  /** Sequence numbers of the acknowledged chunks, in the order of the acknowledgements. */
  readonly answers: number[] = [];
  private number = 1;

  constructor({ quotas = {}, deadLetters, rows = ROWS, shares = { default: [1, 1] } }: HeldOptions = {}) {
    const { clock, arena } = this;
    this.disk = new Disk(arena, undefined, deadLetters);
    const age = new AgeClock(clock, { id: "b", upMs: () => clock.now() }, undefined);
    const parts = { quotas: { ...QUOTAS, ...quotas }, limits: { rows }, ledger: new Ledger([]) };
    this.state = new BufferState({ clock, age, arena, ...parts });
    for (const [policy, [ratio, inputs, firstRung = 1]] of Object.entries(shares)) {
      this.state.shares.set(policy, newShare(policy, { ratio, inputs, firstRung }));
    }
  }

  /** A source of the input of the same name. A new source is opened and committed. */
  source(id = "a"): SourceState {
    const known = this.state.sources.get(id);
    if (known) return known;
    const source = this.open(id);
    this.commit();
    return source;
  }

  /** Opens a source without committing it. @param size of its file */
  open(id: string, size = 0): SourceState {
    const identity = { path: `/${id}`, device: "", inode: id, birthNs: "", headLength: 0, headHash: 0 };
    return openSource(this.state, { id, input: id, identity, origin: 0, checkpoint: 0, mark: NO_MARK }, size);
  }

  /** A draft of these lines, as an input hands it over. */
  draft(text: string, kept: Kept = {}): Draft {
    const { source: id = "a", policy = "default", counted = new Map<Fate, Count>(), ended } = kept;
    const { arena, state } = this;
    const source = this.source(id);
    const lines = text.split("\n").filter((line) => line !== "" && line !== "\r");
    const body = kept.table ? lines.join("") : text;
    const region = body === "" ? undefined : arena.alloc(body.length);
    if (region) arena.view(region).write(body, "latin1");
    const table = kept.table ? this.table(lines, text) : undefined;
    const actions = kept.actions === undefined ? undefined : arena.alloc(kept.actions.length);
    if (actions) arena.view(actions).write(kept.actions as string, "latin1");
    let bytes = text.length;
    for (const count of counted.values()) bytes += count.bytes;
    const facts = { input: source.input, path: `/${id}`, host: "h", fields: {}, index: "i", policy };
    const span = { start: source.position, end: source.position + bytes, records: lines.length };
    const rest = { counted, ended, readAtMs: this.clock.wall(), mark: { length: 1, hash: source.position + bytes } };
    return { source: id, envelope: envelopeOf(state, facts), ...span, region, table, actions, ...rest };
  }

  private table(lines: readonly string[], text: string): Draft["table"] {
    const table = this.arena.alloc(lines.length * TABLE_ENTRY);
    if (!table) return undefined;
    const view = this.arena.view(table);
    let [end, start] = [0, 0];
    for (const [i, line] of lines.entries()) {
      end += line.length;
      view.writeUInt32LE(end, i * TABLE_ENTRY + TABLE.end);
      view.writeUInt32LE(start, i * TABLE_ENTRY + TABLE.start);
      const length = i === lines.length - 1 ? text.length - start : line.length + 1;
      view.writeUInt32LE(length, i * TABLE_ENTRY + TABLE.length);
      view.writeUInt32LE(1, i * TABLE_ENTRY + TABLE.weight);
      view.writeDoubleLE(NaN, i * TABLE_ENTRY + TABLE.time);
      start += length;
    }
    return table;
  }

  /** Admits lines as one chunk. */
  add(text: string, kept: Kept = {}): Chunk {
    const draft = this.draft(text, kept);
    const { target = "i", keep = 0 } = kept;
    const seq = this.state.nextSeq;
    const source = this.source(draft.source);
    const answered = admitDraft(this.state, { draft, target, keep }, source);
    void answered.then(() => this.answers.push(seq));
    return (source.last ?? this.state.fresh.last) as Chunk;
  }

  /** The transaction that would be written now. */
  compose(): Writing | undefined {
    return compose(this.state, this.state.disk === "working" ? "regular" : "probe");
  }

  /** Writes a transaction successfully. */
  write(writing: Writing): void {
    committed(this.state, writing, this.disk.store.commit(writing.transaction, this.number++));
  }

  /** Makes a transaction fail. */
  fail(writing: Writing): void {
    failed(this.state, writing);
  }

  /** Composes and writes the next transaction. @returns undefined if there was nothing to write */
  commit(): Writing | undefined {
    const writing = this.compose();
    if (writing) this.write(writing);
    return writing;
  }

  /** Makes every queue spill, until every open chunk is a row. */
  spill(): void {
    for (const queue of this.state.queues.values()) setMode(this.state, queue, "spill");
    while (this.commit()?.added.length);
  }

  /** Unloads rows from memory. Their objects are dropped too, unless they know more than the database. */
  pageOut(...chunks: readonly Chunk[]): void {
    for (const chunk of chunks.toReversed()) if (chunk.queue.ready.has(chunk)) pageOut(this.state, chunk);
  }

  /** Checks the invariants of the database. */
  sound(): void {
    assert.deepEqual(inspect(this.disk.db).violations, []);
  }

  queue(target = "i", policy = "default"): Queue {
    return this.state.queue(policy, target);
  }

  share(policy = "default"): Share {
    return this.state.share(policy);
  }

  /** Number of the input's records that reached this fate. */
  fate(fate: Fate, input = "a"): number {
    return this.state.ledger.of(input).fates[fate]?.records ?? 0;
  }

  [Symbol.dispose](): void {
    this.disk[Symbol.dispose]();
  }
}

export const seqs = (chunks: Iterable<{ readonly seq: number }> = []): number[] => [...chunks].map(({ seq }) => seq);
