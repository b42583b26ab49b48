// Everything between the inputs and the destination: intake, ladders, buffer, delivery, and the tick for what depends on time.
// Clock, spool, output and the status of the inputs are passed in: the agent passes the real ones, the simulation its own.
import { type Boot } from "../buffer/age-clock.ts";
import { type Quotas, diskBudget, quotas } from "../buffer/budget/limits.ts";
import type { ShareSpec } from "../buffer/budget/share.ts";
import { type Level, SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Recovered, Spool } from "../buffer/spool/spool.ts";
import { Arena } from "../core/arena.ts";
import { TABLE_ENTRY } from "../core/chunk.ts";
import { type Clock, inStep } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Config } from "../core/options.ts";
import type { BodyEncoder, Output, TargetOf } from "../core/output.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Admission } from "../pipeline/admission.ts";
import { Delivery } from "../pipeline/delivery.ts";
import { PipelineIntake } from "../pipeline/intake.ts";
import { type LadderState, Ladders } from "../pipeline/ladders.ts";
import { type Outage, noOutage } from "../pipeline/output-status.ts";
import type { Transition } from "../policy/keeper.ts";
import { laddersInUse, shareRatios } from "../policy/shares.ts";
import { LagWatch } from "./lag-watch.ts";

/** follow: until stopped. once: every file to its end. drain: only the content of the buffer. */
export type Mode = "follow" | "once" | "drain";

/** What an input reports about its files. */
export interface InputWord {
  readonly lagBytes: number;
  /** Unread bytes that would be lost if they were never read. */
  readonly atRiskBytes: number;
}

export interface EngineParts {
  readonly config: Config;
  readonly mode: Mode;
  readonly clock: Clock;
  readonly boot: Boot;
  readonly log: Log;
  readonly arena: Arena;
  readonly kernel: Kernel;
  readonly limits: EngineLimits;
  readonly spool: Spool;
  readonly recovered: Recovered;
  readonly encoder: BodyEncoder;
  readonly output: Output;
  /** Of the agent that this one replaces. */
  readonly outage?: Outage;
  readonly targetOf: TargetOf;
  readonly inputs: () => ReadonlyMap<string, InputWord>;
  readonly changed: (ladder: LadderState, transition: Transition) => void;
  readonly limitChanged: (ladder: LadderState, level: Level, rowsWithoutDisk: number) => void;
}

/** How memory and disk are divided. */
export interface EngineLimits {
  readonly quotas: Quotas;
  /** Bytes of rows that the database may hold. */
  readonly rows: number;
}

const TICK_MS = 1000;
/** While readers wait, the ladders are evaluated more often. */
const LOOK_MS = 250;
/** The most records that a framing puts into one chunk with a table. */
const MOST_TABLE_RECORDS = 8192;
const READ_BYTES = 256 * 1024;
/** With `output.order: newest`, how long a chunk is new, apart from the time for which a batch may wait to fill up. */
const NEW_MS = 5000;
/** The longest time that a stop waits for a disk that hangs. */
const PERSIST_MS = 10_000;

export class Engine {
  readonly buffer: SpillBuffer;
  readonly ladders: Ladders;
  readonly intake: PipelineIntake;
  readonly delivery: Delivery;
  private readonly parts: EngineParts;
  private readonly lag = new LagWatch();
  private readonly closing = new AbortController();
  /** Monotonic: when the tick last ran. */
  tickedAt: number;

  constructor(parts: EngineParts) {
    const { config, clock, boot, log, arena, kernel, spool, recovered, encoder, output, targetOf } = parts;
    this.parts = parts;
    this.tickedAt = clock.now();
    const shares = sharesOf(config);
    const { order, batch } = config.output;
    const newMs = order === "newest" ? NEW_MS + batch.age : 0;
    const buffer = new SpillBuffer({ clock, boot, arena, log, spool, recovered, shares, newMs, ...parts.limits });
    this.buffer = buffer;
    const { changed, limitChanged } = parts;
    const policies = new Map(Object.keys(shares).map((name) => [name, config.policies[name] ?? []]));
    this.ladders = new Ladders({ clock, buffer, policies, changed, limitChanged });
    const admission = new Admission(arena, kernel, clock);
    const policyOf = new Map(config.inputs.map((i) => [i.id, i.policy]));
    this.intake = new PipelineIntake({ clock, buffer, ladders: this.ladders, admission, targetOf, policyOf });
    const { outage = noOutage() } = parts;
    this.delivery = new Delivery({ clock, buffer, encoder, output, options: config.output, log, outage });
  }

  /** Starts delivery; the inputs are started afterwards. */
  start(): void {
    this.buffer.start();
    this.delivery.start();
    this.tick();
  }

  /** Once a second: everything that depends only on time. */
  private tick(): void {
    if (this.closing.signal.aborted) return;
    const { clock, config, mode, inputs } = this.parts;
    this.tickedAt = clock.now();
    void this.buffer.survey();
    // A drain only delivers what is there; it sheds nothing.
    if (mode !== "drain") {
      const counts = inputs();
      let lag = 0;
      for (const { lagBytes } of counts.values()) lag += lagBytes;
      this.buffer.lag(this.lag.observe(lag));
      this.turn(counts);
      this.ladders.look();
      this.buffer.expire(config.buffer.maxAge);
    }
    clock.after(inStep(clock, TICK_MS), () => this.tick());
    if (mode === "drain") return;
    for (let ms = LOOK_MS; ms < TICK_MS; ms += LOOK_MS) clock.after(inStep(clock, ms), () => this.turnIfWaited());
  }

  private turnIfWaited(): void {
    if (!this.closing.signal.aborted && this.intake.waiting().size > 0) this.turn(this.parts.inputs());
  }

  private turn(counts: ReturnType<EngineParts["inputs"]>): void {
    const atRisk = new Map<string, number>();
    for (const { id, policy } of this.parts.config.inputs) {
      atRisk.set(policy, (atRisk.get(policy) ?? 0) + (counts.get(id)?.atRiskBytes ?? 0));
    }
    this.ladders.turn((policy) => atRisk.get(policy) ?? 0);
    this.intake.serve();
  }

  /**
   * Delivers everything in the buffer, without waiting for batches to fill up.
   * @param patience milliseconds without progress after which it gives up @returns whether everything was delivered
   */
  async deliverAll(patience: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.parts;
    const { buffer } = this;
    this.delivery.flush();
    let open = buffer.open;
    let movedAt = clock.now();
    while (buffer.open > 0 && !signal.aborted) {
      await buffer.changes.wait(250, signal);
      if (buffer.open !== open) movedAt = clock.now();
      open = buffer.open;
      if (clock.now() - movedAt >= patience) return false;
    }
    return buffer.open === 0;
  }

  /** Called when the inputs have stopped. Delivers for at most the grace period, then persists the rest. */
  async stop(grace: number, deadline: AbortSignal): Promise<void> {
    this.intake.close();
    await this.deliverAll(grace, deadline);
    await this.end();
  }

  /** Undoes `delivery.finish`: new chunks are sent again. */
  resume(): void {
    this.delivery.lanes.flush(false);
    this.buffer.outbox.resume();
  }

  /** Called when the inputs have stopped and `delivery.finish` has ended: a successor in this process delivers the rest. */
  async handOver(): Promise<void> {
    this.intake.close();
    await this.end();
  }

  private async end(): Promise<void> {
    this.closing.abort();
    await this.delivery.stop();
    await this.buffer.persist(PERSIST_MS);
  }
}

/** @param capacity bytes of the arena */
export function engineLimits(config: Config, capacity: number): EngineLimits {
  const { rows } = diskBudget(config.buffer.disk);
  return { quotas: quotas(capacity, config.output.batch.bytes, largestChunk(config)), rows };
}

/** Bytes of the arena that the largest chunk occupies. */
function largestChunk(config: Config): number {
  const maxRecord = Math.max(0, ...config.inputs.map((i) => i.maxRecord));
  return Arena.cost(Math.max(READ_BYTES, maxRecord + 2)) + Arena.cost(MOST_TABLE_RECORDS * TABLE_ENTRY);
}

function sharesOf({ inputs, buffer, policies }: Config): Record<string, ShareSpec> {
  const shares: Record<string, ShareSpec> = {};
  for (const [policy, ratio] of shareRatios(buffer.shares, laddersInUse(inputs))) {
    const own = inputs.filter((input) => input.policy === policy).length;
    shares[policy] = { ratio, inputs: own, firstRung: policies[policy]?.[0]?.enter ?? 1 };
  }
  return shares;
}
