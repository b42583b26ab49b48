// One schedule: a random legal configuration, growing and deleted files, faults of the disk and the server, and restarts with
// other limits. Then all faults end, and everything must be delivered within a bounded time. The engine is the product's own;
// only clock, disk, server and files are simulated.
import { Engine, type Mode } from "../../src/agent/engine.ts";
import { inspect } from "../../src/buffer/inspect/inspect.ts";
import { readDeadLetters } from "../../src/buffer/inspect/dead-letters.ts";
import { readLosses } from "../../src/buffer/inspect/losses.ts";
import type { Database } from "../../src/buffer/spool/sqlite.ts";
import { storedSource } from "../../src/buffer/sources/source-state.ts";
import { readSources } from "../../src/buffer/spool/rows/tables.ts";
import { Arena } from "../../src/core/arena.ts";
import { describe } from "../../src/core/errors.ts";
import type { Log } from "../../src/core/log.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { indexName } from "../../src/outputs/elasticsearch/index-name.ts";
import { checkLedger, checkState, stateOf, watchLeases, watchTurns } from "./checks.ts";
import { READ, type SimConfig, changed, randomConfig } from "./configuration.ts";
import { Disk, FINE, SimSpool } from "./disk.ts";
import { type RecordKind, SimFile } from "./files.ts";
import { SimInput } from "./input.ts";
import { Server, clear } from "./server.ts";
import { SheddingWatch } from "./shedding.ts";
import { type Life, VirtualClock } from "./virtual-clock.ts";
import { Dice, Violation, fail } from "./violation.ts";

/** Longest time from the end of all faults until everything is delivered and every ladder is at accept. */
const HEAL_MS = 15 * 60_000;
/** Number of steps between two checks of the whole state. */
const CHECK_EVERY = 7;
/** Most bytes written to all files together, so that a schedule ends. */
const MOST_BYTES = 1 << 20;

/** One process of the agent, from a start to a stop or crash. */
interface Process {
  readonly life: Life;
  readonly engine: Engine;
  readonly inputs: readonly SimInput[];
  readonly spool: SimSpool;
  readonly arena: Arena;
  /** Undefined in drain mode, which has no ladders. */
  readonly watch: SheddingWatch | undefined;
}

export class Simulation {
  readonly dice: Dice;
  /** A second source of randomness, for faults that were added later: the schedules of known seeds stay as they are. */
  private readonly others: Dice;
  /** The same for what was added still later: the order, and bodies that cannot be read. Undefined: neither happens. */
  private readonly later: Dice | undefined;
  readonly clock = new VirtualClock();
  readonly disk: Disk;
  readonly server: Server;
  config: SimConfig;
  process: Process | undefined;
  readonly files: SimFile[] = [];
  /** Sources without a file whose records are all settled or in durable rows. */
  readonly answered = new Set<string>();
  private nextId = 1;
  private written = 0;
  private steps = 0;
  private error: unknown;
  private readonly lines: string[] = [];

  /** @param config undefined: random @param all see `simulate` */
  constructor(seed: number, on: "memory" | "files" = "memory", config?: SimConfig, all = true) {
    this.dice = new Dice(seed);
    this.others = new Dice(seed + 1e9);
    this.later = all ? new Dice(seed + 2e9) : undefined;
    this.disk = new Disk(this.dice, this.clock, on);
    this.server = new Server(this.dice, this.clock);
    this.config = config ?? randomConfig(this.dice, this.later);
    for (const { id } of this.config.config.inputs) {
      for (let n = 0; n < (this.config.files.get(id) as number); n++) this.files.push(new SimFile(id, `${id}${n}`));
    }
  }

  async run(): Promise<void> {
    await this.start("follow");
    const rounds = 2 + this.dice.int(this.dice.pick([4, 4, 4, 8, 8, 24]));
    for (let round = 0; round < rounds; round++) {
      await this.happen();
      await this.pass(this.dice.pick([200, 1000, 1000, 6000, 20_000]));
    }
    await this.heal();
  }

  /** What happened, for a person who examines a seed. */
  log(): readonly string[] {
    return this.lines;
  }

  private note(what: string): void {
    this.lines.push(`${(this.clock.time / 1000).toFixed(3)} ${what}`);
  }

  /** The engine of the running agent. */
  get engine(): Engine {
    return (this.process as Process).engine;
  }

  /** How much of a file was read. */
  position(file: SimFile): number {
    for (const input of this.process?.inputs ?? []) if (input.position(file) > 0) return input.position(file);
    return 0;
  }

  /** Appends records to a file. */
  write(file: SimFile, records: number): void {
    const kind = this.config.records.get(file.input) as RecordKind;
    for (let n = 0; n < records; n++) file.append(this.dice, kind);
  }

  // The process

  async start(mode: Mode): Promise<void> {
    const life: Life = { over: false, timers: 0 };
    const { config, limits, memory } = this.config;
    const arena = new Arena(memory, { poison: 0xdb });
    const kernel = new Kernel(arena);
    const store = this.disk.open(arena, limits.rows);
    const recovered = store.recover(this.disk.machine);
    const spool = new SimSpool(this.disk, store, life);
    const clock = this.clock.clock(life, this.dice.random);
    const inputs: SimInput[] = [];
    const watching: { watch: SheddingWatch | undefined } = { watch: undefined };
    const engine: Engine = new Engine({
      ...{
        config,
        mode,
        clock,
        boot: { id: "b", upMs: () => this.clock.time },
        log: this.agentLog(),
        arena,
        kernel,
        limits,
      },
      ...{ spool, recovered, encoder: new Encoder(arena, kernel, config.output) },
      output: this.server.output(life, () => stateOf(engine).disk !== "working"),
      targetOf: (envelope, readAtMs) => indexName(envelope.index, envelope, readAtMs),
      inputs: () => new Map(inputs.map((input, i) => [config.inputs[i]?.id as string, input.word()])),
      changed: ({ policy }, { from, to }) => {
        this.note(`ladder ${policy}: ${from} to ${to}`);
        watching.watch?.moved(policy);
      },
      limitChanged: ({ policy, limited }) => this.note(`ladder ${policy}: limited ${limited}`),
    });
    engine.buffer.sources.add(store.sources(0, -1).map(storedSource));
    watchLeases(engine);
    watchTurns(engine, config.output);
    const watch = mode === "drain" ? undefined : new SheddingWatch(engine, config);
    watching.watch = watch;
    this.process = { life, engine, inputs, spool, arena, watch };
    this.note(`start ${mode} with ${stateOf(engine).open} open chunks`);
    engine.delivery.failure.catch((error: unknown) => (this.error ??= error));
    engine.start();
    if (mode !== "drain") for (const options of config.inputs) inputs.push(this.input(options.id, engine, life));
    for (const input of inputs) input.start();
  }

  private input(id: string, engine: Engine, life: Life): SimInput {
    const options = this.config.config.inputs.find((one) => one.id === id) as never;
    return new SimInput({
      ...{
        options,
        intake: engine.intake,
        arena: engine.buffer.arena,
        clock: this.clock.clock(life, this.dice.random),
      },
      ...{ dice: this.dice, files: () => this.files.filter(({ input }) => input === id), most: READ },
      index: (options as { index: string }).index,
      newId: () => (this.nextId++).toString(16).padStart(24, "0"),
      named: (file) => this.server.files.set(file.id, file),
      failed: (error) => (this.error ??= error),
      answered: (source) => this.answered.add(source),
    });
  }

  private agentLog(): Log {
    const say = (level: string) => (event: string, message: string) => this.note(`${level} ${event}: ${message}`);
    return { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };
  }

  /** Ends the process at any point, as a kill does. @param power also cuts the machine's power */
  crash(power: boolean): void {
    const { process } = this;
    if (!process) return;
    this.note(power ? "power cut" : "kill");
    process.life.over = true;
    this.process = undefined;
    this.server.open = 0;
    const before = this.answeredRows();
    this.disk.crash(power);
    this.checkDisk();
    const left = new Set(this.answeredRows().map(nameOf));
    for (const row of before) if (!left.has(nameOf(row))) this.checkGone(row);
  }

  /** Rows that only the database has: their file is gone, and the buffer has said that they are durable. */
  private answeredRows(): Row[] {
    return rowsIn(this.disk.db).filter(([source]) => this.answered.has(source));
  }

  /** For a row that a crash took back: each of its records must be stored, dead-lettered or listed as lost. */
  private checkGone([source, start, end]: Row): void {
    const file = this.server.files.get(source);
    const { db } = this.disk;
    for (const [record, at] of file?.offsets.slice(0, -1).entries() ?? []) {
      if (at < start || at >= end || this.server.hasId(`${source}-${at}`)) continue;
      const isDead = deadLetters(db).has(`${source}-${at}`);
      const isLost = [...readLosses(db, undefined)].some((l) => l.source === source && l.start <= at && at < l.end);
      if (!isDead && !isLost) fail(`record ${record} of ${source} was answered for, and is gone after a crash`);
    }
  }

  async stop(): Promise<void> {
    const { process } = this;
    if (!process) return;
    this.note("stop");
    const { engine, inputs, life, arena, spool } = process;
    const abort = new AbortController();
    const { grace } = this.config.config.shutdown;
    this.clock.after(grace, () => abort.abort(), life);
    const ended = { yes: false };
    const stopping = Promise.all(inputs.map((input) => input.stop()))
      .then(() => engine.stop(grace, abort.signal))
      .then(() => (ended.yes = true));
    stopping.catch((error: unknown) => (this.error ??= error));
    for (let ms = 0; !ended.yes && ms < 60_000; ms += 1000) await this.pass(1000);
    if (!ended.yes) fail("a stop took more than a minute");
    if (this.server.open > 0) fail("the output was not closed");
    checkLedger(engine);
    // Nothing may be left in the arena, except for regions that a hanging disk still reads or writes.
    if (spool.pending === 0 && this.disk.weather.writes === "ok") this.checkArena(engine, arena);
    life.over = true;
    this.process = undefined;
    this.disk.crash(false);
    this.checkDisk();
  }

  private checkArena(engine: Engine, arena: Arena): void {
    const state = stateOf(engine);
    let held = 0;
    for (const { window } of state.queues.values()) for (const chunk of window) if (chunk.region) held++;
    for (const chunk of state.fresh) if (chunk.region) held++;
    if (arena.count > 3 * held) fail(`${arena.count} regions are left after a stop, ${held} chunks have some`);
  }

  private checkDisk(): void {
    const { violations } = inspect(this.disk.db);
    if (violations.length > 0) fail(`on disk: ${violations.map(({ message }) => message).join("; ")}`);
  }

  // The world

  async pass(ms: number): Promise<void> {
    await this.clock.advance(this.clock.time + ms, () => this.check());
  }

  private check(): void {
    if (this.error !== undefined) {
      const { error } = this;
      if (error instanceof Violation || (error instanceof Error && error.message.startsWith("BUG"))) throw error;
      fail(`the agent failed: ${describe(error)}`);
    }
    const { process } = this;
    if (!process) return;
    checkLedger(process.engine);
    process.watch?.check();
    process.watch?.checkWaits(this.clock.time);
    if (++this.steps % CHECK_EVERY === 0) checkState(process.engine);
    const timers = 40 + 4 * process.inputs.length;
    if (process.life.timers > timers) fail(`${process.life.timers} timers are pending`);
  }

  /** Something random happens, or nothing. */
  private async happen(): Promise<void> {
    const { dice } = this;
    this.grow();
    const kind = dice.int(22);
    if (kind < 5) this.serverWeather();
    else if (kind < 9) this.diskWeather();
    else if (kind < 11) this.unlink();
    else if (kind === 11) await this.restart("kill");
    else if (kind === 12) await this.restart("power");
    else if (kind === 13) await this.restart("stop");
    else if (kind === 14) this.process?.spool.die(dice.pick([500, 5000]));
    else if (kind === 15 && dice.chance(0.5)) this.clock.wallShift += dice.pick([-3_600_000, 3_600_000, 1e10]);
    else if (kind === 16 && dice.chance(0.3)) this.disk.damage();
    else if (kind === 17) await this.drain();
  }

  private grow(): void {
    const { dice } = this;
    for (const file of this.files) {
      if (file.gone || this.written > MOST_BYTES || dice.chance(0.3)) continue;
      const kind = this.config.records.get(file.input) as { size: readonly [number, number]; wide: number };
      const records = dice.pick([1, 1, 3, 10, 40]);
      const before = file.size;
      for (let n = 0; n < records; n++) file.append(dice, kind);
      this.written += file.size - before;
    }
  }

  private serverWeather(): void {
    const { dice, server } = this;
    const weather = clear();
    weather.state = dice.pick(["up", "up", "up", "down", "hang", "lost", "busy", "denies"]);
    weather.latency = dice.pick([
      [5, 50],
      [5, 50],
      [500, 5000],
    ] as const);
    weather.most = dice.chance(0.15) ? 4000 : 0;
    for (const index of ["i1", "i2", "i3"]) {
      if (dice.chance(0.25))
        weather.indices.set(index, dice.pick(["denied", "unavailable", "half", "mapping", "odd", "poison"]));
      if (this.others.chance(0.05)) weather.indices.set(index, "hangs");
      if (this.later?.chance(0.05)) weather.indices.set(index, "chokes");
    }
    server.weather = weather;
    this.note(`server ${weather.state}, ${[...weather.indices].join(" ")}, most ${weather.most}`);
  }

  private diskWeather(): void {
    const { dice, disk } = this;
    disk.weather = {
      latency: dice.pick([
        [0, 20],
        [0, 20],
        [100, 2000],
        [0, 15_000],
      ] as const),
      writes: dice.pick(["ok", "ok", "fail", "full", "hang"]),
      reads: dice.pick(["ok", "ok", "fail", "hang"]),
      leaves: this.others.chance(0.15) ? this.others.pick([0.5, 0.95, 0]) : 1,
    };
    this.note(`disk ${disk.weather.writes}, ${disk.weather.reads}, ${disk.weather.latency.join(" to ")} ms`);
  }

  /** Deletes a file; another file gets its name. */
  private unlink(): void {
    const file = this.dice.pick(this.files);
    if (file.gone || file.size === 0) return;
    file.gone = true;
    this.note(`${file.name} is deleted`);
    this.files.push(new SimFile(file.input, `${file.name}+`));
  }

  private async restart(how: "kill" | "power" | "stop"): Promise<void> {
    if (how === "stop") await this.stop();
    else this.crash(how === "power");
    // Unread records of a deleted file are lost with the process that held it open.
    this.config = changed(this.config, this.dice, this.later);
    const { buffer, inputs } = this.config.config;
    this.note(`next: memory ${buffer.memory}, disk ${buffer.disk}, ${inputs.length} inputs`);
    await this.start("follow");
  }

  private async drain(): Promise<void> {
    this.crash(false);
    await this.start("drain");
    const before = this.shed();
    await this.pass(10_000);
    if (this.shed() !== before) fail("a drain sheds records");
    this.crash(false);
    await this.start("follow");
  }

  /** Number of records shed so far, as the process counts them. */
  shed(): number {
    let records = 0;
    for (const { fates } of this.process?.engine.buffer.figures().accounts.values() ?? []) {
      for (const fate of [3, 5, 6, 7, 8, 9]) records += fates[fate]?.records ?? 0;
    }
    return records;
  }

  // The end

  async heal(): Promise<void> {
    this.note("everything is well again");
    this.disk.weather = { ...FINE };
    this.server.weather = clear();
    // Calls made before still take as long as the disk's latency was then.
    await this.pass(20_000);
    const until = this.clock.time + HEAL_MS;
    while (this.clock.time < until && !this.isDone()) await this.pass(1000);
    if (!this.isDone()) fail(`not delivered after ${HEAL_MS / 60_000} minutes: ${this.left()}`);
    checkState(this.process?.engine as Engine);
    await this.stop();
    this.checkRecords();
  }

  private isDone(): boolean {
    const { engine, inputs } = this.process as Process;
    const state = stateOf(engine);
    let aside = 0;
    for (const queue of state.queues.values()) aside += queue.aside.size;
    const delivered = state.open === aside && inputs.every((input) => input.done);
    const calm = [...engine.ladders.all()].every(({ standing, limited }) => standing.rung === 0 && !limited);
    return delivered && (aside > 0 || (calm && engine.buffer.figures().mode === "memory"));
  }

  private left(): string {
    const { engine, inputs } = this.process as Process;
    const state = stateOf(engine);
    const queues = [...state.queues.values()].map(({ id, rows, window, unloaded, ready, mode, cursor }) =>
      [id, mode, rows, window.size, unloaded.size, ready.size, cursor].join("/"),
    );
    const waiting = [...engine.intake.waiting()].map(([input, reason]) => `${input} ${reason}`);
    const ladders = [...engine.ladders.all()].map(
      ({ policy, standing, limited }) => `${policy} ${standing.rung} ${limited}`,
    );
    return [
      `${state.open} open, mode ${engine.buffer.figures().mode}, disk ${state.disk}, reading ${state.reading}`,
      `fresh ${state.fresh.size}, leases ${state.leases.size}, pool ${state.pool}, staged ${state.staged}`,
      `queues ${queues.join(" ")}; waiting ${waiting.join(", ")}; ladders ${ladders.join(", ")}`,
      `circuit ${engine.delivery.circuit}; read ${inputs.map((input) => input.done).join(" ")}`,
    ].join("; ");
  }

  /** Every record is at the server, or is a listed loss, a dead letter or a row set aside. */
  checkRecords(): void {
    const { db } = this.disk;
    const losses = [...readLosses(db, undefined)];
    const dead = deadLetters(db);
    const { toBlame } = this.server;
    for (const letter of readDeadLetters(db, { input: undefined, limit: 0 })) {
      const id = `${letter.source}-${letter.offset}`;
      if (letter.status !== 0 && !toBlame.has(id)) fail(`${id} is a dead letter, and was not to blame`);
    }
    const left = new Set(this.config.config.inputs.map(({ id }) => id));
    const sources = new Map(readSources(db).map((source) => [source.id, source]));
    const rows = rowsIn(db);
    for (const file of this.files) {
      if (file.gone || !left.has(file.input) || file.size === 0) continue;
      const checkpoint = sources.get(file.id)?.checkpoint;
      if (checkpoint !== file.size) fail(`${file.name} was read to ${checkpoint} of ${file.size}`);
      for (let record = 0; record < file.records; record++) {
        const at = file.offsets[record] as number;
        const key = `${file.id}-${at}`;
        const lost = losses.some(({ source, start, end }) => source === file.id && start <= at && at < end);
        const aside = rows.some(([id, start, end]) => id === file.id && start <= at && at < end);
        const there = this.server.has(file, record);
        if (!there && !lost && !dead.has(key) && !aside) fail(`record ${record} of ${file.name} is nowhere`);
      }
    }
    for (const { source, start, end, uncertain, records, fate } of losses) {
      const file = this.server.files.get(source);
      if (!file || uncertain || fate === "sampled" || fate === "corrupt") continue;
      const inside = file.offsets.slice(0, -1).flatMap((at, record) => (at >= start && at < end ? [record] : []));
      if (inside.length !== records) continue;
      const stored = inside.find((record) => this.server.hasId(`${source}-${file.offsets[record]}`));
      if (stored !== undefined) fail(`record ${stored} of ${file.name} was certainly dropped (${fate}), and is stored`);
    }
  }

  dispose(): void {
    if (this.process) this.process.life.over = true;
    this.disk.close();
  }
}

/** A row of the backlog in the database: its range of a source. */
type Row = readonly [source: string, start: number, end: number];

function rowsIn(db: Database): Row[] {
  const query = 'SELECT s.id, h.start, h."end" FROM heads h JOIN sources s ON s.num = h.source';
  return db.prepare(query).raw().all() as Row[];
}

function nameOf(row: Row): string {
  return row.join(" ");
}

/** Dead letters, by the ids of their documents. */
function deadLetters(db: Database): ReadonlySet<string> {
  return new Set(db.prepare("SELECT source || '-' || offset FROM dead_letters").pluck().all() as string[]);
}

/**
 * Runs the schedule of a seed. @returns the violation found, or undefined
 * @param on where the state database is @param tell gets the log of a failed schedule, line by line
 * @param all false: without what was added after the known seeds were found
 */
export async function simulate(
  seed: number,
  on: "memory" | "files" = "memory",
  tell?: (line: string) => void,
  all = true,
): Promise<string | undefined> {
  const simulation = new Simulation(seed, on, undefined, all);
  try {
    await simulation.run();
    return undefined;
  } catch (error) {
    if (tell) for (const line of simulation.log()) tell(line);
    if (tell && error instanceof Error) tell(error.stack ?? "");
    return describe(error);
  } finally {
    simulation.dispose();
  }
}
