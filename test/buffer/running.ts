// A complete buffer on a real database. A test can admit records, and send, shed and spill them. The test advances its clock.
import type { Chunk, Lease } from "../../src/buffer/chunk.ts";
import { type Quotas, quotas } from "../../src/buffer/budget/limits.ts";
import { storedSource } from "../../src/buffer/sources/source-state.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import type { BufferState } from "../../src/buffer/state.ts";
import { Arena, type Region } from "../../src/core/arena.ts";
import type { Draft } from "../../src/core/chunk.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Count, Fate } from "../../src/core/fate.ts";
import { type Log, silentLog } from "../../src/core/log.ts";
import { type KnownSource, NO_MARK, newSourceId } from "../../src/core/source.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { DirectSpool, Disk, settled } from "./disk.ts";

const MIB = 1 << 20;

export interface RunningOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Size of the arena, and of a batch, in bytes. */
  readonly memory?: number;
  readonly batch?: number;
  /** Byte limit of the rows; 0: no disk. */
  readonly rows?: number;
  readonly shares?: Readonly<Record<string, readonly [ratio: number, inputs: number, firstRung?: number]>>;
  readonly quotas?: Partial<Quotas>;
  /** For how long a chunk is new; 0: no chunk is. */
  readonly newMs?: number;
  /** State directory of an earlier run. The test removes it. */
  readonly directory?: string;
  /** Budget of dead letters, in bytes. */
  readonly deadLetters?: number;
}

export interface Where {
  readonly input?: string;
  readonly policy?: string;
  readonly target?: string;
  /** Index pattern of the envelope. */
  readonly index?: string;
}

export class Running implements AsyncDisposable {
  readonly clock: Clock;
  readonly arena: Arena;
  readonly disk: Disk;
  readonly spool: DirectSpool;
  readonly buffer: SpillBuffer;
  private readonly ids = new Map<string, string>();

  constructor(options: RunningOptions = {}) {
    const { memory = 8 * MIB, batch = MIB, rows = 64 * MIB, shares = { default: [1, 1] }, log = silentLog } = options;
    const clock = options.clock ?? new ManualClock();
    this.clock = clock;
    const arena = new Arena(memory, { poison: 0xdb });
    this.arena = arena;
    this.disk = new Disk(arena, options.directory, options.deadLetters);
    const recovered = this.disk.store.recover("machine");
    const spool = new DirectSpool(this.disk.store);
    this.spool = spool;
    const limits = { quotas: { ...quotas(memory, batch, 256 * 1024), ...options.quotas }, rows };
    const parts = Object.entries(shares).map(
      ([name, [ratio, inputs, firstRung = 1]]) => [name, { ratio, inputs, firstRung }] as const,
    );
    const boot = { id: "b", upMs: () => clock.now() };
    const all = {
      clock,
      boot,
      arena,
      log,
      spool,
      recovered,
      shares: Object.fromEntries(parts),
      newMs: options.newMs ?? 0,
      ...limits,
    };
    this.buffer = new SpillBuffer(all);
    this.buffer.sources.add(this.disk.store.sources(0, -1).map(storedSource));
    this.buffer.start();
  }

  /** The buffer's private state. */
  get state(): BufferState {
    return (this.buffer as unknown as { state: BufferState }).state;
  }

  /** Id of the input's source. On the first call, opens the source that the database knows, or a new one. */
  source(input = "in"): string {
    const known = this.ids.get(input);
    if (known !== undefined) return known;
    const id = newSourceId();
    const identity = { path: `/${input}`, device: "", inode: id, birthNs: "", headLength: 0, headHash: 0 };
    const fresh: KnownSource = { id, input, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
    const [source = fresh] = this.buffer.sources.known(input);
    this.buffer.sources.open(source, source.checkpoint);
    this.ids.set(input, source.id);
    return source.id;
  }

  /** A draft of these lines, as an input would hand it over, in a region that the test allocates. */
  draft(text: string, { input = "in", policy = "default", index = "logs-test-default" }: Where = {}): Draft {
    const source = this.source(input);
    const region = this.arena.alloc(text.length) as Region;
    this.arena.view(region).write(text);
    const start = this.buffer.sources.of(source).position;
    const records = text.split("\n").filter((line) => line !== "").length;
    const facts = { input, path: `/${input}`, host: "h", fields: {}, index, policy };
    const envelope = this.buffer.sources.envelope(facts);
    return {
      ...{ source, envelope, start, end: start + text.length, records, region, table: undefined },
      ...{ counted: new Map<Fate, Count>(), readAtMs: this.clock.wall(), mark: NO_MARK },
    };
  }

  add(text: string, where: Where = {}): Chunk {
    const draft = this.draft(text, where);
    void this.buffer.admit({ draft, target: where.target ?? "logs-test-default", keep: 0 });
    return this.state.fresh.last as Chunk;
  }

  /** Advances the manual clock in steps, and lets everything happen that is due. */
  async pass(ms: number, step = 50): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      (this.clock as ManualClock).advance(Math.min(step, left));
      await settled();
    }
  }

  lease(target = "logs-test-default"): Lease | undefined {
    return this.buffer.outbox.lease(target, { bytes: MIB, records: 10_000, body: 1000 });
  }

  /** Number of the input's records that reached this fate. */
  fate(fate: Fate, input = "in"): number {
    return this.buffer.figures().accounts.get(input)?.fates[fate]?.records ?? 0;
  }

  /** Stops the buffer: open chunks become rows. */
  async stop(): Promise<void> {
    this.spool.release();
    await this.buffer.persist(1000);
    this.disk.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.disk.db.open) await this.stop();
    this.disk[Symbol.dispose]();
  }
}

/** `count` numbered lines, beginning with number `from`. */
export function lines(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${from + i}\n`).join("");
}
