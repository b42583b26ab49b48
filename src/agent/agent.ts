// The composition root: starts the last stage first and stops the first stage first. What must hold: nothing is read
// before the state directory is locked and the admin address is ours; a stop persists whatever was not delivered.
import { hostname } from "node:os";
import type { Account } from "../buffer/ledger.ts";
import { diskBudget } from "../buffer/budget.ts";
import { quotas } from "../buffer/quotas.ts";
import { SpillBuffer } from "../buffer/spill-buffer.ts";
import { SqliteSpool } from "../buffer/sqlite-spool.ts";
import { Arena } from "../core/arena.ts";
import { TABLE_ENTRY } from "../core/chunk.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Config } from "../core/options.ts";
import { FileInput } from "../inputs/file/file-input.ts";
import type { FileInputStatus } from "../inputs/file/status.ts";
import { Kernel } from "../kernel/kernel.ts";
import { Durations } from "../ops/durations.ts";
import type { Facts, State } from "../ops/facts.ts";
import { Encoder } from "../outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../outputs/elasticsearch/output.ts";
import { Admission } from "../pipeline/admission.ts";
import { Delivery } from "../pipeline/delivery.ts";
import { PipelineIntake } from "../pipeline/intake.ts";
import { Ladders } from "../pipeline/ladders.ts";
import { laddersInUse, shareRatios } from "../policy/shares.ts";
import { gatherFacts } from "./facts.ts";
import { LagWatch } from "./lag-watch.ts";
import { sayLeftInputs } from "./left-inputs.ts";
import { sayTransition } from "./transitions.ts";

/** follow: until stopped. once: every file to its end. drain: only what the buffer holds. */
export type Mode = "follow" | "once" | "drain";

export interface AgentOptions {
  readonly config: Config;
  readonly mode: Mode;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

const TICK_MS = 1000;
/** Rows of a chunk with a table: more than this a framing never makes. */
const MOST_TABLE_RECORDS = 8192;
const READ_BYTES = 256 * 1024;

export class Agent {
  readonly buffer: SpillBuffer;
  readonly delivery: Delivery;
  private readonly options: AgentOptions;
  private readonly spool: SqliteSpool;
  private readonly ladders: Ladders;
  private readonly intake: PipelineIntake;
  private readonly kernel: Kernel;
  private readonly inputs = new Map<string, FileInput>();
  private readonly durations: Durations;
  private readonly atStart: ReadonlyMap<string, Account>;
  private readonly startedAt: number;
  private readonly lag = new LagWatch();
  private readonly closing = new AbortController();
  private statuses: ReadonlyMap<string, FileInputStatus> = new Map();
  private tickedAt: number;
  private state: State = "starting";
  private stopped: Promise<void> | undefined;

  private constructor(options: AgentOptions, arena: Arena, spool: SqliteSpool, buffer: SpillBuffer) {
    const { config, clock, log } = options;
    this.options = options;
    this.spool = spool;
    this.buffer = buffer;
    this.kernel = new Kernel(arena);
    this.startedAt = this.tickedAt = clock.now();
    this.durations = new Durations(clock);
    this.atStart = new Map([...buffer.state.ledger].map(([id, account]) => [id, structuredClone(account)]));
    const names = laddersInUse(config.inputs);
    this.ladders = new Ladders({
      clock,
      buffer,
      policies: new Map(names.map((name) => [name, config.policies[name] ?? []])),
      atRisk: (policy) => this.sumAtRisk((id) => config.inputs.find((i) => i.id === id)?.policy === policy),
      changed: (ladder, transition) =>
        sayTransition(log, this.facts(), ladder, transition, this.ladders.budget(ladder.share)),
    });
    this.intake = new PipelineIntake({
      buffer,
      ladders: this.ladders,
      admission: new Admission(arena, this.kernel, clock),
      policyOf: new Map(config.inputs.map((i) => [i.id, i.policy])),
      atRisk: (input) => this.sumAtRisk((id) => id === input),
    });
    const output = createElasticsearchOutput(config.output, { clock, log });
    const encoder = new Encoder(arena, this.kernel, config.output);
    this.delivery = new Delivery({ clock, arena, buffer, encoder, output, options: config.output, log });
    this.delivery.sink.observe = (ms) => this.durations.observe(ms / 1000);
  }

  /** Locks the state directory and opens all that lies behind the inputs. Nothing is read yet. */
  static async open(options: AgentOptions): Promise<Agent> {
    const { config, clock, log, mode } = options;
    const arena = new Arena(config.buffer.memory);
    const { rows, maxPages } = diskBudget(config.buffer.disk);
    const letters = config.output.deadLetters;
    const spooling = { directory: config.buffer.path, letters, maxPages };
    const { spool, recovered } = await SqliteSpool.open(spooling, arena.memory.buffer);
    if (mode !== "drain") sayLeftInputs(log, recovered, config.inputs);
    const maxRecord = Math.max(0, ...config.inputs.map((i) => i.maxRecord));
    const largest = Arena.cost(Math.max(READ_BYTES, maxRecord + 2)) + Arena.cost(MOST_TABLE_RECORDS * TABLE_ENTRY);
    const shares = Object.fromEntries(shareRatios(config.buffer.shares, laddersInUse(config.inputs)));
    const limits = quotas(arena.capacity, config.output.batch.bytes, largest);
    const buffer = new SpillBuffer({ clock, arena, quotas: limits, log, spool, recovered, rowBudget: rows, shares });
    return new Agent(options, arena, spool, buffer);
  }

  /** Delivery first, then the inputs. */
  async start(): Promise<void> {
    const { config, mode } = this.options;
    this.delivery.start();
    if (mode !== "drain") await this.startInputs(mode);
    else for (const { id } of config.inputs) this.buffer.state.ledger.of(id);
    this.state = "running";
    this.tick();
  }

  private async startInputs(mode: "follow" | "once"): Promise<void> {
    const { config, clock, log } = this.options;
    const { arena } = this.buffer.state;
    const shared = { intake: this.intake, arena, kernel: this.kernel, clock, log, mode };
    for (const options of config.inputs) {
      this.inputs.set(options.id, new FileInput(options, { ...shared, host: hostname(), index: config.output.index }));
    }
    await Promise.all([...this.inputs.values()].map((input) => input.start()));
  }

  /** Rejects when an input met something that must end the process. */
  async failure(): Promise<never> {
    await Promise.all([...this.inputs.values()].map((input) => input.ended));
    return new Promise<never>(() => {});
  }

  /** Once a second: what only time changes. */
  private tick(): void {
    if (this.closing.signal.aborted) return;
    this.tickedAt = this.options.clock.now();
    this.look();
    let lag = 0;
    for (const status of this.statuses.values()) lag += status.lagBytes;
    this.buffer.lag(this.lag.observe(lag));
    this.ladders.turn();
    this.ladders.look();
    this.buffer.expire(this.options.config.buffer.maxAge);
    this.options.clock.after(TICK_MS, () => this.tick());
  }

  /** What the inputs say of their files: a walk over all of them, so not at every question. */
  private look(): void {
    this.statuses = new Map([...this.inputs].map(([id, input]) => [id, input.status()]));
  }

  private sumAtRisk(matches: (input: string) => boolean): number {
    let bytes = 0;
    for (const [id, status] of this.statuses) if (matches(id)) bytes += status.atRiskBytes;
    return bytes;
  }

  /** The loops turn: for the watchdog and /healthz. */
  alive(): boolean {
    return this.state === "starting" || this.options.clock.now() - this.tickedAt < 5 * TICK_MS;
  }

  facts(): Facts {
    const { config, clock, version } = this.options;
    const { buffer, ladders, delivery, durations, atStart, startedAt } = this;
    const inputs = (): ReadonlyMap<string, FileInputStatus> => this.statuses;
    const state = (): State => this.state;
    const parts = { buffer, ladders, delivery, durations, atStart, startedAt };
    return gatherFacts({ ...parts, version, config, clock, inputs, state });
  }

  /** Every file was read to the end that it has now. */
  async readToEnd(): Promise<void> {
    await Promise.all([...this.inputs.values()].map((input) => input.done()));
  }

  /**
   * Delivers what is held, without waiting for batches to fill up.
   * @param patience gives up after this long without progress, in milliseconds @returns whether all of it is delivered
   */
  async deliverAll(patience: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.options;
    const { state, changes } = this.buffer;
    this.delivery.flush();
    let open = state.open;
    let movedAt = clock.now();
    while (state.open > 0 && !signal.aborted) {
      await changes.wait(250, signal);
      if (state.open !== open) movedAt = clock.now();
      open = state.open;
      if (clock.now() - movedAt >= patience) return false;
    }
    return state.open === 0;
  }

  /** How far a run with an end has come: what has its fate, of all that is there to read. */
  done(): { records: number; bytes: number; totalBytes: number } {
    this.look();
    const done = { records: 0, bytes: 0, totalBytes: 0 };
    for (const { ledger, atStart, lagBytes } of this.facts().inputs.values()) {
      ledger.fates.forEach((count, fate) => {
        done.records += count.records - (atStart.fates[fate]?.records ?? 0);
        done.bytes += count.bytes - (atStart.fates[fate]?.bytes ?? 0);
      });
      done.totalBytes += ledger.buffered.bytes + lagBytes;
    }
    done.totalBytes += done.bytes;
    return done;
  }

  /** Graceful: read to the end if wanted, deliver for at most the grace, persist the rest. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  /** Skips the waiting of a stop that is under way. */
  hurry(): void {
    this.closing.abort();
  }

  private async shutDown(): Promise<void> {
    const { config, clock } = this.options;
    const { grace, readToEnd } = config.shutdown;
    this.state = "stopping";
    const hurry = this.closing.signal;
    const deadline = AbortSignal.any([hurry, abortAfter(clock, grace)]);
    // Half of it, so that there is time to deliver what was read.
    const halfway = AbortSignal.any([hurry, abortAfter(clock, grace / 2)]);
    if (readToEnd) await Promise.all([...this.inputs.values()].map((input) => input.readTheLast(halfway)));
    await Promise.all([...this.inputs.values()].map((input) => input.stop()));
    await this.deliverAll(grace, deadline);
    this.closing.abort();
    await this.delivery.stop();
    await this.buffer.persist();
    await this.spool.close();
  }
}

function abortAfter(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController();
  clock.after(ms, () => controller.abort());
  return controller.signal;
}
