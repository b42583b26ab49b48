// The agent as a process: log, admin endpoint, systemd and signals around it. SIGHUP replaces the agent in place by one
// with the new configuration: the old one persists what it holds and the new one finds it. A configuration that does not
// start leaves the old one in force.
import type { Clock } from "../core/clock.ts";
import { EXIT, type ExitCode, describe } from "../core/errors.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { Config } from "../core/options.ts";
import { type Admin, startAdmin } from "../ops/admin.ts";
import { type AgentLog, createLog, logForm } from "../ops/log.ts";
import { type Notifier, createNotifier } from "../ops/notify.ts";
import { pages } from "../ops/pages.ts";
import { Progress } from "../ops/progress.ts";
import { watchProcess } from "../ops/process-facts.ts";
import { onSignals } from "../ops/signals.ts";
import { buildStatus } from "../ops/status.ts";
import { Agent, type Mode } from "./agent.ts";
import { compactLater } from "./compact.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly mode: Mode;
  readonly version: string;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Gives up a run with an end after this long without progress, in milliseconds. */
  readonly deadline: number;
  /** Reads the configuration again; throws a SpillwayError when it has faults. */
  readonly reload: () => Config;
}

type Ask = "stop" | "reload";

export class Service {
  private readonly options: ServiceOptions;
  private readonly log: AgentLog;
  private readonly notifier: Notifier;
  private readonly process: ReturnType<typeof watchProcess>;
  private config: Config;
  private agent: Agent | undefined;
  private admin: Admin | undefined;
  private asked = Promise.withResolvers<Ask>();

  constructor(options: ServiceOptions) {
    const { clock, env, config } = options;
    this.options = options;
    this.config = config;
    this.log = createLog({ level: config.log.level, clock, destination: 2, form: logForm(2, env) });
    this.notifier = createNotifier({ env, clock, alive: () => this.agent?.alive() ?? true });
    this.process = watchProcess(clock, this.log);
  }

  /** Runs until its end. Throws a SpillwayError for what stands in the way of a start. */
  async run(): Promise<ExitCode> {
    const release = onSignals(
      {
        stop: () => this.ask("stop"),
        hurry: () => this.agent?.hurry(),
        reload: () => this.ask("reload"),
        report: () => this.log.info("status", this.summary(), { status: buildStatus(this.current().facts()) }),
      },
      this.options.clock,
    );
    try {
      this.agent = await this.openAgent(this.config);
      return this.options.mode === "follow" ? await this.follow() : await this.finish();
    } finally {
      release();
      this.notifier.close();
      await this.admin?.close();
      await this.log.flush(1000);
    }
  }

  private ask(what: Ask): void {
    this.asked.resolve(what);
  }

  private current(): Agent {
    return this.agent as Agent;
  }

  /** The state directory first, then the address; what cannot be had leaves nothing open. */
  private async openAgent(config: Config): Promise<Agent> {
    const { mode, version, clock } = this.options;
    const from = clock.now();
    const agent = await Agent.open({ config, mode, version, clock, log: this.log });
    try {
      const { listen, hosts } = config.admin;
      const routes = pages({
        facts: () => this.current().facts(),
        process: this.process,
        alive: () => this.current().alive(),
      });
      this.agent = agent;
      if (listen !== "off") this.admin = await startAdmin(listen, hosts, routes);
      await agent.start();
    } catch (error) {
      await agent.stop();
      throw error;
    }
    this.ready(agent, this.options.clock.now() - from);
    return agent;
  }

  private ready(agent: Agent, tookMs: number): void {
    const { inputs, buffer, output } = agent.facts();
    let files = 0;
    for (const input of inputs.values()) files += input.files;
    const many = `${plural(inputs.size, "input")}, ${plural(files, "file")}`;
    const waiting = flow(bufferedBytes(agent));
    const where = this.admin ? `, ${this.admin.url}` : "";
    const sentence = `in ${duration(tookMs)}: ${many}, ${buffer.mode} with ${waiting} waiting${where}`;
    this.log.info("ready", sentence, { server: output.server });
    this.notifier.ready(`running: ${many}`);
    compactLater(this.options.clock);
  }

  private async follow(): Promise<ExitCode> {
    for (;;) {
      const ask = await Promise.race([this.asked.promise, this.current().failure()]);
      this.asked = Promise.withResolvers();
      if (ask === "stop") {
        await this.stopAgent();
        return EXIT.ok;
      }
      await this.reload();
    }
  }

  private async stopAgent(): Promise<void> {
    const agent = this.current();
    const { grace } = this.config.shutdown;
    const left = count(agent.buffer.state.open === 0 ? 0 : bufferedRecords(agent));
    this.notifier.stopping("stopping");
    const hurry = "Ctrl-C again: keep them on disk and leave now";
    this.log.info("stopping", `delivering for at most ${duration(grace)} (${left} records left); ${hurry}`);
    await agent.stop();
    this.log.info("stopped", this.summary());
  }

  /** Read to the end, deliver, leave; 75 when something could not be delivered. */
  private async finish(): Promise<ExitCode> {
    const agent = this.current();
    const ended = new AbortController();
    void this.asked.promise.then(() => ended.abort());
    const all = agent.readToEnd().then(() => agent.deliverAll(this.options.deadline, ended.signal));
    const delivered = await Promise.race([all, this.stuck(agent, ended.signal), agent.failure()]);
    ended.abort();
    agent.hurry();
    await agent.stop();
    this.log.info("stopped", this.summary());
    return delivered ? EXIT.ok : EXIT.temporary;
  }

  /** Resolves when asked to stop, or when no fate has fallen for as long as the deadline: reading may wait for ever. */
  private async stuck(agent: Agent, ended: AbortSignal): Promise<false> {
    const { clock, deadline, mode } = this.options;
    // Beside JSON lines a moving line would be noise.
    const write = (text: string): boolean => process.stderr.write(text);
    const verb = mode === "once" ? "shipping" : "draining";
    const progress = process.stderr.isTTY ? new Progress({ verb, clock, surface: "terminal", write }) : undefined;
    const look = Math.min(progress ? 250 : 1000, deadline);
    let settled = -1;
    for (let idle = 0; idle < deadline && !ended.aborted;) {
      await clock.sleep(look, ended);
      const done = agent.done();
      progress?.update(done);
      idle = done.records === settled ? idle + look : 0;
      settled = done.records;
    }
    progress?.end(agent.done());
    return false;
  }

  private async reload(): Promise<void> {
    let config: Config;
    try {
      config = this.options.reload();
    } catch (error) {
      this.log.error("reload_refused", `the new configuration is wrong, nothing was changed: ${describe(error)}`);
      return;
    }
    this.notifier.reloading();
    const before = this.config;
    await this.replace(config, before);
    this.log.setLevel(this.config.log.level);
  }

  private async replace(config: Config, before: Config): Promise<void> {
    const old = this.current();
    old.hurry();
    await old.stop();
    await this.admin?.close();
    this.admin = undefined;
    try {
      this.agent = await this.openAgent(config);
      this.config = config;
      this.log.info("reloaded", "the new configuration is in force");
    } catch (error) {
      this.log.error(
        "reload_failed",
        `the new configuration did not start, the old one is in force: ${describe(error)}`,
      );
      this.agent = await this.openAgent(before);
    }
  }

  /** One sentence that says where every record is. */
  private summary(): string {
    const { ledger } = buildStatus(this.current().facts());
    const dropped = Object.values(ledger.dropped).reduce((sum, c) => sum + c.records, 0);
    const parts = [
      `read ${count(ledger.read.records)}`,
      `delivered ${count(ledger.delivered.records)}`,
      `duplicates ${count(ledger.duplicates.records)}`,
      `sampled ${count(ledger.sampled.records)}`,
      `dropped ${count(dropped)}`,
      `dead-lettered ${count(ledger.dead_lettered.records)}`,
      `buffered ${count(ledger.buffered.records)}`,
    ];
    return `${parts.join(", ")}; balance ${ledger.balance.records} records, ${ledger.balance.bytes} bytes`;
  }
}

function bufferedBytes(agent: Agent): number {
  let bytes = 0;
  for (const { ledger } of agent.facts().inputs.values()) bytes += ledger.buffered.bytes;
  return bytes;
}

function bufferedRecords(agent: Agent): number {
  let records = 0;
  for (const { ledger } of agent.facts().inputs.values()) records += ledger.buffered.records;
  return records;
}

function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}
