// The pipeline with a real buffer, kernel and encoder, over a spool in memory: what a test admits can be sent, shed, spilled.
import { admitDraft } from "../../src/buffer/admit.ts";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { type Quotas, quotas } from "../../src/buffer/quotas.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import type { Committed, Spool, Transaction } from "../../src/buffer/spool.ts";
import { Arena, type Region } from "../../src/core/arena.ts";
import type { Draft } from "../../src/core/chunk.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { type Log, silentLog } from "../../src/core/log.ts";
import { type KnownSource, NO_MARK, newSourceId } from "../../src/core/source.ts";
import { Kernel } from "../../src/kernel/kernel.ts";

const MIB = 1 << 20;

class MemorySpool implements Spool {
  private readonly arena: Arena;
  private readonly rows = new Map<number, Buffer>();

  constructor(arena: Arena) {
    this.arena = arena;
  }

  commit({ rows, removed }: Transaction): Promise<Committed> {
    for (const row of rows) this.rows.set(row.seq, Buffer.from(this.arena.view(row.region)));
    for (const seq of removed) this.rows.delete(seq);
    return Promise.resolve({ stored: rows.map((row) => row.length + 128), size: 0 });
  }

  load(seq: number, region: Region): Promise<"loaded" | "corrupt"> {
    const data = this.rows.get(seq);
    if (data) this.arena.view(region).set(data);
    return Promise.resolve(data ? "loaded" : "corrupt");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export interface LineOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly memory?: number;
  readonly batch?: number;
  readonly rowBudget?: number;
  readonly shares?: Readonly<Record<string, number>>;
  readonly quotas?: Partial<Quotas>;
}

export class Line {
  readonly arena: Arena;
  readonly kernel: Kernel;
  readonly buffer: SpillBuffer;
  readonly clock: Clock;
  private readonly ids = new Map<string, string>();

  constructor(options: LineOptions = {}) {
    const { memory = 8 * MIB, batch = MIB, rowBudget = 64 * MIB, shares = { default: 1 } } = options;
    this.clock = options.clock ?? systemClock;
    this.arena = new Arena(memory, { poison: 0xdb });
    this.kernel = new Kernel(this.arena);
    const { clock, arena } = this;
    const limits = { ...quotas(memory, batch, 256 * 1024), ...options.quotas };
    const recovered = { sources: [], rows: [], envelopes: [], ledger: [], starts: [], nextSeq: 1, size: 0 };
    const spool = new MemorySpool(arena);
    const parts = { clock, arena, quotas: limits, log: options.log ?? silentLog, spool, recovered, rowBudget, shares };
    this.buffer = new SpillBuffer(parts);
  }

  /** Opened when it is not yet; its id counts as committed. */
  source(input = "in"): string {
    let id = this.ids.get(input);
    if (id === undefined) {
      this.ids.set(input, (id = newSourceId()));
      const identity = { path: `/${input}`, device: "", inode: id, birthNs: "", headLength: 0, headHash: 0 };
      const known: KnownSource = { id, input, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
      this.buffer.openSource(known, 0);
      (this.buffer.state.sources.get(id) as { durable: boolean }).durable = true;
    }
    return id;
  }

  /** Lines as an input would hand them over, in a region of the test's own. */
  draft(text: string, { input = "in", policy = "default" } = {}): Draft {
    const source = this.source(input);
    const region = this.arena.alloc(text.length) as Region;
    this.arena.view(region).write(text);
    const start = this.buffer.state.sources.get(source)?.position ?? 0;
    const records = text.split("\n").filter((line) => line !== "").length;
    const envelope = this.buffer.envelope({
      input,
      path: `/${input}`,
      host: "h",
      fields: {},
      index: "logs-test-default",
      policy,
    });
    return {
      ...{ source, envelope, start, end: start + text.length, records, region, table: undefined },
      ...{ counted: new Map(), readAtMs: this.clock.wall(), mark: NO_MARK },
    };
  }

  add(text: string, where: { input?: string; policy?: string } = {}): Chunk {
    const draft = this.draft(text, where);
    const { state } = this.buffer;
    const source = state.sources.get(draft.source);
    const share = state.shares.get(draft.envelope.policy);
    if (!source || !share) throw new Error("a ladder without a share");
    void admitDraft(state, draft, 0, source, share);
    this.buffer.advance();
    return state.fresh.last as Chunk;
  }

  /** Records that reached a fate, by input. */
  fate(fate: number, input = "in"): number {
    return this.buffer.state.ledger.of(input).fates[fate]?.records ?? 0;
  }
}

/** So many numbered lines. */
export function lines(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${from + i}\n`).join("");
}

/** Resolves when it holds: looked at every few milliseconds. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  for (const deadline = performance.now() + ms; !holds();) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await systemClock.sleep(5);
  }
}
