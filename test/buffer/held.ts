// A buffer's state with chunks in it, on a clock that the test moves: for tests of one rule at a time.
import { admitDraft } from "../../src/buffer/admit.ts";
import type { Chunk, SourceState } from "../../src/buffer/chunk.ts";
import { envelopeOf } from "../../src/buffer/envelopes.ts";
import { Ledger } from "../../src/buffer/ledger.ts";
import type { Quotas } from "../../src/buffer/quotas.ts";
import { shareOf } from "../../src/buffer/restore.ts";
import { openSource } from "../../src/buffer/sources.ts";
import { BufferState, unload, listUnloaded } from "../../src/buffer/state.ts";
import { type Writing, committed, compose } from "../../src/buffer/writer.ts";
import { Arena } from "../../src/core/arena.ts";
import type { Count, Fate } from "../../src/core/fate.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const KIB = 1024;
export const QUOTAS: Quotas = {
  largest: 4 * KIB,
  bodies: 64 * KIB,
  pool: 256 * KIB,
  page: 4 * KIB,
  stage: 64 * KIB,
  leased: 128 * KIB,
  slice: 64 * KIB,
  ahead: 64 * KIB,
  chunks: 1000,
  letters: 8 * KIB,
};
export const ROW_BUDGET = 1 << 20;

export interface Kept {
  readonly ended?: "cut";
  readonly source?: string;
  readonly policy?: string;
  readonly counted?: ReadonlyMap<Fate, Count>;
}

export class Held {
  readonly clock = new ManualClock();
  readonly arena = new Arena(1 << 20, { poison: 0xdb });
  readonly state: BufferState;
  /** Answers that were given, by sequence number. */
  readonly answers: number[] = [];

  constructor(options: { quotas?: Partial<Quotas>; rowBudget?: number } = {}) {
    const quotas = { ...QUOTAS, ...options.quotas };
    const { clock, arena } = this;
    const rowBudget = options.rowBudget ?? ROW_BUDGET;
    this.state = new BufferState({ clock, arena, quotas, rowBudget, ledger: new Ledger([]) });
  }

  /** Opened when it is not yet; its id counts as committed. */
  source(id = "a"): SourceState {
    if (!this.state.sources.has(id)) {
      const identity = { path: `/${id}`, device: "", inode: id, birthNs: "", headLength: 0, headHash: 0 };
      openSource(this.state, { id, input: id, identity, origin: 0, checkpoint: 0, mark: NO_MARK }, 0, true);
    }
    return this.state.sources.get(id) as SourceState;
  }

  /** Admits lines as one chunk. */
  add(text: string, { source: id = "a", policy = "default", counted = new Map(), ended }: Kept = {}): Chunk {
    const source = this.source(id);
    const region = text === "" ? undefined : this.arena.alloc(text.length);
    if (region) this.arena.view(region).write(text, "latin1");
    let shed = 0;
    for (const count of counted.values()) shed += count.bytes;
    const records = text.split("\n").filter((line) => line !== "" && line !== "\r").length;
    const facts = { input: id, path: `/${id}`, host: "h", fields: {}, index: "i", policy };
    const envelope = envelopeOf(this.state, facts);
    const span = { start: source.position, end: source.position + text.length + shed };
    const draft = { source: id, envelope, ...span, records, region, table: undefined, counted, ended, readAtMs: 1000 };
    const share = shareOf(this.state, policy);
    const seq = this.state.nextSeq;
    const answered = admitDraft(this.state, { ...draft, mark: NO_MARK }, 4, source, share);
    void answered.then(() => this.answers.push(seq));
    return this.state.fresh.last as Chunk;
  }

  /** What would be written now. */
  compose(): Writing | undefined {
    return compose(this.state, this.state.mode === "degraded" ? "probe" : "regular");
  }

  /** Writes what is due, and it succeeds. @returns what was written */
  commit(): Writing | undefined {
    const writing = this.compose();
    if (!writing) return undefined;
    const stored = writing.transaction.rows.map((row) => row.length + row.tableLength + 128);
    committed(this.state, writing, { stored, size: 0 });
    return writing;
  }

  /** Everything open becomes a row. */
  spill(): void {
    this.state.mode = "spill";
    while (this.commit());
  }

  /** A row gives up its region, as under the pressure of younger ones. */
  pageOut(chunk: Chunk): void {
    this.state.ready.remove(chunk);
    unload(this.state, chunk);
    listUnloaded(this.state, chunk);
  }
}
