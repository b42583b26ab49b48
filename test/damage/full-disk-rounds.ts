// Rounds on a small file system that another program fills to the last bytes before the agent starts, or while it reads, spills,
// delivers or stops. The agent must keep running and stop as usual. Once there is room again, everything must be delivered once
// and the mode must become normal.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../../src/buffer/directory/private.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import { SmallDisk } from "../helpers/small-disk.ts";
import type { Dice } from "../simulation/violation.ts";

const MIB = 1 << 20;
/** Counted from when there is room and the server accepts. The longest pause between two attempts is 15 s. */
const PATIENCE_MS = 60_000;
/** Log events that must not occur. */
const FORBIDDEN = [
  "unexpected_duplicates",
  "spool_died",
  "row_unreadable",
  "row_corrupt",
  "state_damaged",
  "state_salvaged",
];

export interface FullDiskRound {
  readonly lines: number;
  /** Time from free space to normal mode. */
  readonly normalMs: number;
  readonly steps: readonly string[];
}

export class FullDiskRounds {
  private readonly place = new Workplace();
  private readonly lines = new RandomLines();
  private readonly server: BulkServer;
  private readonly disk: SmallDisk;
  private agent: AgentProcess | undefined;
  private steps: string[] = [];
  /** Line numbers by log file. */
  private readonly written = new Map<string, number[]>();
  /** Lines that an agent may have sent under an id that never became durable (docs/guarantees.md): a later agent sends them anew. */
  private readonly mayRepeat = new Set<number>();

  /** Where the state is: in a folder of its own if the other program's file was there first. */
  private get home(): string {
    return stateFolder(this.place.state);
  }

  private constructor(server: BulkServer, disk: (path: string) => SmallDisk | undefined) {
    this.server = server;
    this.disk = disk(this.place.state) as SmallDisk;
  }

  /** Throws if nothing can be mounted here. */
  static async make(dice: Dice): Promise<FullDiskRounds> {
    const server = await startSandbox({ keep: "documents" }, systemClock);
    const kind = dice.pick(["tmpfs", "tmpfs", "ext4"] as const);
    const made = new FullDiskRounds(server, (path) =>
      SmallDisk.mount(kind, kind === "ext4" ? 36 : 12 + dice.int(13), path),
    );
    if (made.disk) return made;
    await made.end();
    throw new Error("nothing can be mounted here: only root can");
  }

  async play(dice: Dice): Promise<FullDiskRound> {
    const { place, server, disk } = this;
    this.steps = [];
    const before = this.lines.written;
    place.configure(server.url, {
      buffer: { memory: "8MiB", disk: "512MiB" },
      shutdown: { grace: "100ms" },
      output: { batch: { age: "50ms" }, timeout: "2s" },
    });
    try {
      for (let i = 2 + dice.int(5); i > 0; i--) await this.step(dice);
      await server.change(NO_FAULTS);
      this.agent ??= await this.start();
      disk.clear();
      const normalMs = await this.recovers(this.agent);
      if (dice.chance(0.5)) await this.stop();
      return { lines: this.lines.written - before, normalMs, steps: this.steps };
    } catch (error) {
      throw new Error(`${this.steps.join(", ")}\n${this.agent?.story()}`, { cause: error });
    }
  }

  private async step(dice: Dice): Promise<void> {
    const { disk, server } = this;
    const kind = dice.int(8);
    if (kind === 0) await this.stop();
    else if (kind === 1) await this.kill();
    else if (kind <= 3) {
      const leave = dice.pick([0, 0, 4096, 100_000, MIB]);
      this.told(`${leave} bytes left`);
      disk.clear();
      disk.fill(leave);
    } else if (kind === 4) {
      const faults = dice.pick(["", "down", "503", "slow=100ms", "lost=30%"]);
      this.told(`server ${faults}`);
      await server.change(faults === "" ? NO_FAULTS : parseFaults(faults));
    } else {
      const count = dice.pick([10, 1000, 10_000]);
      this.told(`${count} lines`);
      this.append(join(this.place.logs, `${dice.pick(["a", "b"])}.log`), count);
    }
    if (dice.chance(0.8)) this.agent ??= await this.start();
    await systemClock.sleep(dice.int(dice.chance(0.2) ? 3000 : 500));
    if (this.agent) assert.ok(this.agent.runs, "it has ended by itself");
  }

  private append(log: string, count: number): void {
    const numbers = this.written.get(log) ?? [];
    for (let i = 0; i < count; i++) numbers.push(this.lines.written + i);
    this.written.set(log, numbers);
    this.lines.append(log, count);
  }

  private told(what: string): void {
    this.steps.push(what);
  }

  private async start(): Promise<AgentProcess> {
    this.told("start");
    const agent = this.place.run();
    this.agent = agent;
    await agent.until("ready", () => true, PATIENCE_MS);
    return agent;
  }

  private async stop(): Promise<void> {
    if (!this.agent) return;
    this.told("stop");
    const { agent } = this;
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    assert.equal(agent.heard("stopped").length, 1);
    this.judge(agent);
    this.agent = undefined;
  }

  private async kill(): Promise<void> {
    if (!this.agent) return;
    this.told("kill");
    await this.agent.kill();
    this.judge(this.agent);
    this.agent = undefined;
  }

  private judge(agent: AgentProcess): void {
    for (const event of FORBIDDEN) assert.deepEqual(agent.heard(event), [], event);
    const known = new Set(this.place.books(this.home).sources.map(({ identity }) => identity.path));
    // Only while the disk cannot be written are documents sent before their source is durable.
    if (agent.heard("disk_failed").length <= agent.heard("disk_up").length) return;
    for (const [log, numbers] of this.written)
      if (!known.has(log)) for (const number of numbers) this.mayRepeat.add(number);
  }

  private async recovers(agent: AgentProcess): Promise<number> {
    const since = systemClock.now();
    await eventually("every line", () => this.lines.stored(this.server).every((times) => times > 0), PATIENCE_MS);
    await agent.until(
      "normal mode",
      ({ buffer, ledger }) => buffer.mode === "memory" && ledger.buffered.records === 0,
      PATIENCE_MS,
    );
    const ms = Math.round(systemClock.now() - since);
    await eventually("a small file", () => statSync(join(this.home, "state.db")).size < MIB, PATIENCE_MS);
    this.lines.assertStored(this.server, this.mayRepeat);
    return ms;
  }

  async end(): Promise<void> {
    if (this.agent?.runs) await this.agent.kill();
    await this.server.stop();
    this.disk?.[Symbol.dispose]();
    this.place.remove();
  }
}
