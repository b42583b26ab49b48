// Runs the real agent as a child process in a directory of its own: start, query, signal, kill and stop it, then check its
// state directory. Every wait is for a condition; a wait that times out throws an error that names the condition.
// No child outlives the test process.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openForReading } from "../../src/buffer/spool/database.ts";
import { type Inspection, NOTHING_STORED, inspect } from "../../src/buffer/inspect/inspect.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { agentAsNobody } from "./other-user.ts";
import { ROOT } from "./tree.ts";

const BIN = join(ROOT, "bin/spillway.js");
const SOON = new URL("agent-soon.ts", import.meta.url).pathname;
const PATIENCE_MS = 60_000;

const living = new Set<ChildProcess>();
process.once("exit", () => living.forEach((child) => child.kill("SIGKILL")));
// The test runner ends a hanging test with SIGTERM; the default handler would leave the children running.
process.once("SIGTERM", () => process.exit(143));

/** Polls every 20 ms until `probe` returns something other than undefined or false. */
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

/** A temporary directory with logs, a state directory and a configuration. */
export class Workplace {
  readonly root = mkdtempSync(join(tmpdir(), "spillway-agent-"));
  readonly logs = join(this.root, "logs");
  readonly state = join(this.root, "state");
  readonly config = join(this.root, "spillway.yml");
  private readonly agents: AgentProcess[] = [];
  private asNobody: readonly string[] | undefined;

  constructor() {
    mkdirSync(this.logs);
  }

  /** Writes the configuration: the given sections merged over the defaults that every test needs. */
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

  /** Runs the agent under another program, for example strace. */
  runBelow(program: readonly string[], ...options: string[]): AgentProcess {
    return this.start([...program, process.execPath, BIN, "run", "-c", this.config, ...options]);
  }

  /** Runs the agent as nobody. The test makes the workplace one that this user may enter, and owns what it must. */
  runAsNobody(...options: string[]): AgentProcess {
    this.asNobody ??= agentAsNobody(this.root);
    return this.start([...this.asNobody, "run", "-c", this.config, ...options]);
  }

  /** Runs another build of the agent, or this one with Node options and extra environment variables. */
  runAs(node: readonly string[], bin = BIN, environment: Readonly<Record<string, string>> = {}): AgentProcess {
    return this.start([process.execPath, ...node, bin, "run", "-c", this.config], environment);
  }

  /** Runs the agent with short delays of `notify`. */
  runWithNotifyAfter(inForceMs: number): AgentProcess {
    return this.start([process.execPath, SOON, this.config, String(inForceMs)]);
  }

  private start(
    [command = "", ...args]: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): AgentProcess {
    const agent = new AgentProcess(command, args, environment);
    this.agents.push(agent);
    return agent;
  }

  /** Reads what the state directory holds. Fails if any invariant of the state is violated. */
  books(state = this.state): Inspection {
    const db = openForReading(state);
    try {
      const found = db === undefined ? NOTHING_STORED : inspect(db);
      assert.deepEqual(found.violations, [], `the state in ${state} is unsound`);
      return found;
    } finally {
      db?.close();
    }
  }

  /** Kills agents that still run, which a failed test leaves: a running child would keep the test file from ending. */
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
  /** Lines on stderr that are not JSON log lines, such as configuration errors that prevent a start. */
  readonly said: string[] = [];
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
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

  /** All log lines of one event. */
  heard(event: string): readonly LogLine[] {
    return this.log.filter((line) => line.event === event);
  }

  /** Waits for line number `seen` (from 0) of this event; fails if the process ends first. */
  hears(event: string, seen = 0): Promise<LogLine> {
    return eventually(`an event ${event} in ${this.story()}`, () => {
      const line = this.heard(event)[seen];
      if (line === undefined && !this.runs) throw new Error(`ended before ${event}: ${this.story()}`);
      return line;
    });
  }

  /** Waits until the agent is ready. @returns the URL of its admin endpoint */
  async url(): Promise<string> {
    const { msg } = await this.hears("ready");
    const [url] = /http:\S+/.exec(msg) ?? [];
    assert.ok(url, `no address in: ${msg}`);
    return url;
  }

  /** Undefined if the agent is not ready yet, or gone. */
  async status(): Promise<Status | undefined> {
    const [url] = /http:\S+/.exec(this.heard("ready").at(-1)?.msg ?? "") ?? [];
    if (url === undefined) return undefined;
    const response = await fetch(`${url}status`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    const status = (await response?.json().catch(() => undefined)) as Status | undefined;
    if (status !== undefined) assert.deepEqual(status.ledger.balance, { records: 0, bytes: 0 }, "the ledger is out");
    return status;
  }

  /** Polls the status until `fits` accepts it. */
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

  /** The last twelve lines of output, for failure messages. */
  story(): string {
    const lines = this.log.map(({ level, event, msg }) => `${level} ${event}: ${msg}`);
    return [...lines, ...this.said].slice(-12).join("\n  ");
  }
}
