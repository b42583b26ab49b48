// The composition root: starts the pipeline from its last stage, stops it from its first. Invariants: nothing is read before the
// state directory is locked and the admin address is bound; a stop persists whatever was not delivered.
import type { BigIntStats } from "node:fs";
import { hostname } from "node:os";
import { systemBoot } from "../buffer/age-clock.ts";
import { stateFolder } from "../buffer/directory/private.ts";
import type { SqliteSpool } from "../buffer/spool/sqlite-spool.ts";
import type { Recovered } from "../buffer/spool/spool.ts";
import { Arena } from "../core/arena.ts";
import { abortAfter, type Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Config } from "../core/options.ts";
import type { Output } from "../core/output.ts";
import { FileInput } from "../inputs/file/file-input.ts";
import { closeLeft } from "../inputs/file/rotation/left.ts";
import type { FileInputStatus } from "../inputs/file/status.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Facts } from "../ops/facts.ts";
import { type Done, doneOf } from "../ops/progress.ts";
import { Encoder } from "../outputs/elasticsearch/encoder.ts";
import { indexName } from "../outputs/elasticsearch/index-name.ts";
import { recordIndexOf } from "../outputs/elasticsearch/record-index.ts";
import { createElasticsearchOutput } from "../outputs/elasticsearch/output.ts";
import type { LadderState } from "../pipeline/ladders.ts";
import { type Beginnings, type Inherited, newBeginnings } from "./beginnings.ts";
import { type CountedFrom, countFrom } from "./counted-from.ts";
import { Engine, type Mode, engineLimits } from "./engine.ts";
import { gatherFacts } from "./facts.ts";
import { Life } from "./life.ts";
import { sayLeftInputs } from "./left-inputs.ts";
import { openSpool, takesWrites } from "./state.ts";
import { sayLimit, sayTransition } from "./transitions.ts";

export interface AgentOptions {
  readonly config: Config;
  readonly mode: Mode;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called at each transition of a ladder. */
  readonly ladderChanged?: (ladder: LadderState) => void;
  /** Replaces the configured output: a dry run prints. */
  readonly output?: Output | undefined;
  /** Passed on by the agent that this one replaces in the same process. */
  readonly inherited?: Inherited | undefined;
}

/** How often to ask the inputs for their status, which costs a walk over all unread files. */
const LOOK_MS = 1000;

export class Agent {
  readonly engine: Engine;
  private readonly beginnings: Beginnings;
  private readonly counted: CountedFrom;
  private readonly options: AgentOptions;
  private readonly spool: SqliteSpool;
  private readonly kernel: Kernel;
  private readonly inputs = new Map<string, FileInput>();
  private readonly closing = new AbortController();
  /** Ends waits that a stop makes pointless. */
  private readonly stopIsNear = new AbortController();
  private statuses: ReadonlyMap<string, FileInputStatus> = new Map();
  private lookedAt = -Infinity;
  private readonly life: Life;
  private stopped: Promise<void> | undefined;

  private constructor(options: AgentOptions, arena: Arena, spool: SqliteSpool, recovered: Recovered) {
    const { config, clock, log, mode } = options;
    this.options = options;
    this.spool = spool;
    this.life = new Life(clock, options.inherited !== undefined);
    this.kernel = new Kernel(arena);
    this.beginnings = options.inherited?.beginnings ?? newBeginnings(clock);
    const { outage, durations } = this.beginnings;
    this.engine = new Engine({
      ...{ config, mode, clock, boot: systemBoot(), log, arena, kernel: this.kernel, spool, recovered, outage },
      limits: engineLimits(config, arena.capacity),
      encoder: new Encoder(arena, this.kernel, config.output),
      output: options.output ?? createElasticsearchOutput(config.output, { clock, log }),
      targetOf: (envelope, readAtMs) => indexName(envelope.index, envelope, readAtMs),
      inputs: () => this.look(),
      changed: (ladder, transition) => {
        sayTransition(log, this.facts(), ladder, transition, this.engine.buffer.level(ladder.policy).budget);
        options.ladderChanged?.(ladder);
      },
      limitChanged: (...change) => sayLimit(log, ...change),
    });
    const { accounts } = this.engine.buffer.figures();
    const inputs = config.inputs.map(({ id }) => id);
    this.counted = countFrom(options.inherited, accounts, inputs);
    this.engine.delivery.metrics.observe = (ms) => durations.observe(ms / 1000);
  }

  /** Locks the state directory and opens everything behind the inputs. Nothing is read yet. */
  static async open(options: AgentOptions): Promise<Agent> {
    const { config, clock, log, mode } = options;
    const arena = new Arena(config.buffer.memory);
    const { deadLetters } = config.output;
    const spooling = { directory: stateFolder(config.buffer.path), deadLetters, disk: config.buffer.disk };
    const parts = { options: spooling, memory: arena.memory.buffer, clock, log };
    const { spool, recovered, pages } = await openSpool(parts);
    const agent = new Agent(options, arena, spool, recovered);
    const { sources } = agent.engine.buffer;
    for (const page of pages) sources.add(page);
    if (mode !== "drain") sayLeftInputs(log, { sources: sources.inputs(), starts: recovered.starts }, config.inputs);
    return agent;
  }

  /** Starts delivery first, then the inputs. */
  async start(): Promise<void> {
    const { mode } = this.options;
    this.engine.start();
    if (mode !== "drain") await this.startInputs(mode);
    // So that the log line about the start counts the files found.
    this.look("now");
    this.life.enter("running");
  }

  private async startInputs(mode: "follow" | "once"): Promise<void> {
    const { config, clock, log } = this.options;
    const { intake, buffer } = this.engine;
    const shared = { intake, arena: buffer.arena, kernel: this.kernel, clock, log, mode, left: this.beginnings.left };
    for (const options of config.inputs) {
      const { index } = config.output;
      const recordIndex = recordIndexOf(options.index ?? index, options);
      this.inputs.set(options.id, new FileInput(options, { ...shared, host: hostname(), index, recordIndex }));
    }
    await Promise.all([...this.inputs.values()].map((input) => input.start()));
    closeLeft(shared.left);
  }

  /** Rejects when an input, the spool or delivery meets an error that must end the process. */
  async failure(): Promise<never> {
    const inputs = Promise.all([...this.inputs.values()].map((input) => input.ended));
    await Promise.race([this.engine.delivery.failure, this.spool.failure, inputs]);
    return this.engine.delivery.failure;
  }

  /** The status of the inputs' files; `lately` accepts one that is up to half of LOOK_MS old. */
  private look(when: "now" | "lately" = "lately"): ReadonlyMap<string, FileInputStatus> {
    const now = this.options.clock.now();
    if (when === "now" || now - this.lookedAt >= LOOK_MS / 2) {
      this.lookedAt = now;
      this.statuses = new Map([...this.inputs].map(([id, input]) => [id, input.status()]));
    }
    return this.statuses;
  }

  /** Whether the loops run, for the watchdog and /healthz. */
  alive(): boolean {
    return this.spool.hangs || this.life.isAlive(this.engine.tickedAt);
  }

  /** Whether nothing is buffered. */
  get idle(): boolean {
    return this.engine.buffer.open === 0;
  }

  /** The path by which an input reads this file; undefined if it does not. */
  pathOf(input: string, file: BigIntStats): string | undefined {
    return this.inputs.get(input)?.pathOf(file);
  }

  /** For the agent that takes the place of this one, which has ended. */
  inheritance(): Inherited {
    const { beginnings, counted, engine } = this;
    return { beginnings, counted, ended: engine.buffer.figures().accounts };
  }

  facts(): Facts {
    const { config, clock, version } = this.options;
    const { engine, beginnings, counted, statuses: inputs } = this;
    const { state } = this.life;
    return gatherFacts({ engine, ...beginnings, counted, version, config, clock, inputs, state });
  }

  /** Resolves when every file has been read to its current end. */
  async readToEnd(): Promise<void> {
    await Promise.all([...this.inputs.values()].map((input) => input.done()));
  }

  /** @see Engine.deliverAll */
  deliverAll(patience: number, signal: AbortSignal): Promise<boolean> {
    return this.engine.deliverAll(patience, signal);
  }

  /** Progress of a run with an end: what is settled, out of all that there is to read. */
  done(): Done {
    this.look("now");
    return doneOf(this.facts());
  }

  /** Graceful stop: read to the end if configured, deliver for at most the grace period, persist the rest. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  /** Whether a successor could take over the state: false if the disk fails, or takes no write within ten seconds. */
  canHandOver(): Promise<boolean> {
    if (this.facts().buffer.mode === "degraded") return Promise.resolve(false);
    return takesWrites(this.spool, this.options.clock, this.stopIsNear.signal);
  }

  /** Stops for a successor in this process and persists what is undelivered. Resolves when the disk hangs no more. */
  async handOver(): Promise<void> {
    const { config, clock } = this.options;
    await this.engine.delivery.finish(config.shutdown.grace, this.closing.signal);
    this.stopped ??= this.close("reloading", () => this.engine.handOver());
    await this.stopped;
    const { signal } = this.stopIsNear;
    while (this.spool.hangs && !signal.aborted) await clock.sleep(LOOK_MS, signal);
    // Only now a swap begins that can be expected to end.
    this.life.enter("reloading");
  }

  /** Whether one of its threads still waits for the disk. */
  get hangs(): boolean {
    return this.spool.hangs;
  }

  /** A stop was requested. Ends a start early: inputs that still search for files are stopped and read nothing. */
  stopSoon(): void {
    this.stopIsNear.abort();
    if (this.life.starts) for (const input of this.inputs.values()) void input.stop();
  }

  /** Cuts short the waits of a stop that is under way. */
  hurry(): void {
    this.closing.abort();
  }

  private async shutDown(): Promise<void> {
    const { config, clock } = this.options;
    const { grace, readToEnd } = config.shutdown;
    this.life.enter("stopping");
    const hurry = this.closing.signal;
    const deadline = AbortSignal.any([hurry, abortAfter(clock, grace)]);
    // Half of the grace period, which leaves time to deliver what was read.
    const halfway = AbortSignal.any([hurry, abortAfter(clock, grace / 2)]);
    if (readToEnd) await Promise.all([...this.inputs.values()].map((input) => input.readTheLast(halfway)));
    await this.close("stopping", () => this.engine.stop(grace, deadline));
  }

  private async close(state: "stopping" | "reloading", engine: () => Promise<void>): Promise<void> {
    this.life.enter(state);
    const left = state === "reloading" ? this.beginnings.left : undefined;
    await Promise.all([...this.inputs.values()].map((input) => input.stop(left)));
    this.look("now");
    await engine();
    this.closing.abort();
    await this.spool.close();
  }
}
