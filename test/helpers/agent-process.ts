// The real agent as a child process on a directory of its own: started, asked, killed, stopped, and its state directory
// judged afterwards. Nothing here sleeps and hopes: every wait is for a condition and ends with a sentence when it does
// not come. No child outlives the test process.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openForReading } from "../../src/buffer/database.ts";
import { type Inspection, NOTHING_STORED, inspect } from "../../src/buffer/inspect.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { ROOT } from "./tree.ts";

const BIN = join(ROOT, "bin/spillway.js");
const PATIENCE_MS = 20_000;

const living = new Set<ChildProcess>();
process.once("exit", () => living.forEach((child) => child.kill("SIGKILL")));
// What ends a test that hangs; by itself it would leave the children.
process.once("SIGTERM", () => process.exit(143));

/** Looks until `probe` returns something other than undefined or false. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  for (const deadline = systemClock.now() + patienceMs; ;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (systemClock.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s for nothing: ${what}`);
    await systemClock.sleep(20);
  }
}

/** Logs, a state directory and a configuration. */
export class Workplace {
  readonly root = mkdtempSync(join(tmpdir(), "spillway-agent-"));
  readonly logs = join(this.root, "logs");
  readonly state = join(this.root, "state");
  readonly config = join(this.root, "spillway.yml");
  private readonly agents: AgentProcess[] = [];

  constructor() {
    mkdirSync(this.logs);
  }

  /** Sections are merged over those that every test needs. */
  configure(url: string, sections: Readonly<Record<string, any>> = {}): void {
    const whole = {
      inputs: [{ id: "app", paths: [join(this.logs, "*.log*")] }],
      ...sections,
      buffer: { path: this.state, memory: "8MiB", disk: "64MiB", ...sections["buffer"] },
      output: { hosts: [url], index: "logs", ...sections["output"] },
      admin: { listen: "127.0.0.1:0", ...sections["admin"] },
    };
    writeFileSync(this.config, JSON.stringify(whole, null, 2));
  }

  run(...options: string[]): AgentProcess {
    return this.runBelow([], ...options);
  }

  /** Below another program, for example strace. */
  runBelow(program: readonly string[], ...options: string[]): AgentProcess {
    const [command = "", ...args] = [...program, process.execPath, BIN, "run", "-c", this.config, ...options];
    const agent = new AgentProcess(command, args);
    this.agents.push(agent);
    return agent;
  }

  /** What is durable. Throws for anything that must hold there and does not. */
  books(): Inspection {
    const db = openForReading(this.state);
    try {
      const found = db === undefined ? NOTHING_STORED : inspect(db);
      assert.deepEqual(found.breaches, [], `the state in ${this.state} is unsound`);
      return found;
    } finally {
      db?.close();
    }
  }

  /** An agent that still runs belongs to a test that failed, and would keep its file from ending. */
  remove(): void {
    for (const agent of this.agents) if (agent.runs) agent.signal("SIGKILL");
    rmSync(this.root, { recursive: true, force: true });
  }
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class AgentProcess {
  readonly log: LogLine[] = [];
  /** What it says outside of its log: faults that stand in the way of a start. */
  readonly said: string[] = [];
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.child = child;
    living.add(child);
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => this.hear(line));
    this.exited = once(child, "close").then(([code, signal]: (number | string | null)[]) => {
      living.delete(child);
      return { code, signal } as Exit;
    });
  }

  private hear(line: string): void {
    if (line.startsWith("{")) this.log.push(JSON.parse(line) as LogLine);
    else this.said.push(line);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The lines of one event. */
  heard(event: string): readonly LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  /** The next line of this event that was not there before `seen` of them; fails when the process ends first. */
  hears(event: string, seen = 0): Promise<LogLine> {
    return eventually(`an event ${event} in ${this.story()}`, () => {
      const line = this.heard(event)[seen];
      if (line === undefined && !this.runs) throw new Error(`ended before ${event}: ${this.story()}`);
      return line;
    });
  }

  /** Resolves once it is ready; where its admin endpoint is. */
  async url(): Promise<string> {
    const { msg } = await this.hears("ready");
    const [url] = /http:\S+/.exec(msg) ?? [];
    assert.ok(url, `no address in: ${msg}`);
    return url;
  }

  /** Undefined where it cannot be asked: not ready, gone. */
  async status(): Promise<Status | undefined> {
    const [url] = /http:\S+/.exec(this.heard("ready").at(-1)?.msg ?? "") ?? [];
    if (url === undefined) return undefined;
    const response = await fetch(`${url}status`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    const status = (await response?.json().catch(() => undefined)) as Status | undefined;
    if (status !== undefined) assert.deepEqual(status.ledger.balance, { records: 0, bytes: 0 }, "the ledger is out");
    return status;
  }

  /** Asks until the answer fits. */
  until(what: string, fits: (status: Status) => boolean, patienceMs?: number): Promise<Status> {
    let last: Status | undefined;
    const probe = async (): Promise<Status | undefined> => {
      if (!this.runs) throw new Error(`ended before ${what}: ${this.story()}`);
      last = await this.status();
      return last !== undefined && fits(last) ? last : undefined;
    };
    return eventually(what, probe, patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${JSON.stringify(last)}; ${this.story()}`);
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  stop(): Promise<Exit> {
    this.signal("SIGTERM");
    return this.exited;
  }

  /** The last that it said, for messages. */
  story(): string {
    const lines = this.log.map(({ level, event, msg }) => `${level} ${event}: ${msg}`);
    return [...lines, ...this.said].slice(-12).join("\n  ");
  }
}
