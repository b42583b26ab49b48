// The agent as a process, with its log, admin endpoint, systemd and signals. SIGHUP replaces the agent in place by one with the
// new configuration: the old agent reads on until its requests have ended and persists its buffer, the new one recovers it. If
// the new configuration does not start, the old one stays in force.
import type { Reloaded } from "../config/reload.ts";
import type { Clock } from "../core/clock.ts";
import { EXIT, type ExitCode, describe, hasCode } from "../core/errors.ts";
import { duration } from "../core/figures.ts";
import type { Config } from "../core/options.ts";
import type { Facts } from "../ops/facts.ts";
import { Feed } from "../ops/events/feed.ts";
import { type AgentLog, createLog, logForm, type LogOptions } from "../ops/log.ts";
import { type Notifier, createNotifier } from "../ops/notify.ts";
import { pages } from "../ops/admin/pages.ts";
import { watchProcess } from "../ops/process-facts.ts";
import { onSignals } from "../ops/signals.ts";
import { buildStatus, statusDocument } from "../ops/status.ts";
import { Agent, type AgentOptions } from "./agent.ts";
import { Carried } from "./carried.ts";
import { compactWhenIdle } from "./compact.ts";
import { Endpoint } from "./endpoint.ts";
import type { Mode } from "./engine.ts";
import { sayMemoryConflict } from "./memory-fit.ts";
import { createRungNotifier } from "./notify/create.ts";
import type { Delays, LadderStanding, RungNotifier } from "./notify/rung-notifier.ts";
import { sayOwnLog } from "./own-log.ts";
import { Reloads, concernsAgent, endRequests } from "./reloads.ts";
import { runToEnd } from "./run-to-end.ts";
import { SecretFiles } from "./secret-files.ts";
import { buffered, many, plural, sayReady, sayUndelivered, summary } from "./summary.ts";

export interface ServiceOptions extends Pick<Reloaded, "secretFiles"> {
  readonly config: Config;
  readonly mode: Mode;
  readonly version: string;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds without progress after which a run with an end gives up. */
  readonly deadline: number;
  /** Configuration values that must not appear in the log. */
  readonly secrets: ReadonlySet<string>;
  /** Bytes that the process may use; undefined: no limit. */
  readonly memoryLimit: number | undefined;
  /** Reads the configuration that is to replace `inForce`. Throws a SpillwayError if it has faults. */
  readonly reload: (inForce: Config) => Reloaded;
  /** Replaces the configured output: a dry run prints. */
  readonly output?: AgentOptions["output"];
  /** Only tests set this, because the usual minute is long. */
  readonly notifyDelays?: Delays | undefined;
}

const LOG_FD = 2; // stderr, because stdout is for data

export class Service {
  private readonly options: ServiceOptions;
  private readonly log: AgentLog;
  private readonly notifier: Notifier;
  private readonly process: ReturnType<typeof watchProcess>;
  private readonly rungs: RungNotifier;
  private readonly secrets: Set<string>;
  private readonly feed: Feed;
  private config: Config;
  private memoryLimit: number | undefined;
  private agent: Agent | undefined;
  private readonly endpoint: Endpoint;
  private readonly reloads: Reloads;
  private readonly secretFiles: SecretFiles;
  private readonly carried = new Carried();
  /** The agent that is being replaced, until its successor runs. */
  private leaving: Agent | undefined;
  private asked = Promise.withResolvers<void>();
  /** Aborted when the process is asked to stop. */
  private readonly quit = new AbortController();

  constructor(options: ServiceOptions) {
    const { clock, env, config, version, secrets, notifyDelays: delays } = options;
    this.options = options;
    this.config = config;
    this.feed = new Feed({ clock, status: () => statusDocument(this.facts(), this.process()) });
    const heard: LogOptions["heard"] = (line) => this.feed.line(line);
    this.log = createLog({ level: config.log.level, clock, destination: LOG_FD, form: logForm(LOG_FD, env), heard });
    this.notifier = createNotifier({ env, clock, alive: () => this.agent?.alive() ?? true });
    this.secrets = new Set(secrets);
    this.memoryLimit = options.memoryLimit;
    const facts = (): Facts => this.facts();
    this.rungs = createRungNotifier({ clock, log: this.log, version, secrets: this.secrets, facts, delays });
    this.reloads = new Reloads({ clock, log: this.log, read: options.reload });
    this.secretFiles = new SecretFiles({ clock, log: this.log, changed: () => this.ask("reload") });
    this.secretFiles.follow(options.secretFiles);
    this.process = watchProcess(clock, {
      dropped: () => this.log.dropped,
      config: () => this.reloads.facts(),
      notifications: this.rungs.counts,
    });
    const alive = (): boolean => this.current().alive();
    this.endpoint = new Endpoint(pages({ facts, process: this.process, alive, feed: this.feed }), clock, this.log);
  }

  /** Runs to the end. Throws a SpillwayError if it cannot start. */
  async run(): Promise<ExitCode> {
    const release = onSignals(
      {
        stop: () => this.ask("stop"),
        hurry: () => this.agent?.hurry(),
        reload: () => this.ask("reload"),
        report: () => this.agent && this.report(this.facts()),
      },
      this.options.clock,
    );
    try {
      await this.openAgent(this.config);
      this.ready();
      this.feed.start();
      return this.options.mode === "follow" ? await this.follow() : await this.finish();
    } finally {
      release();
      this.secretFiles.close();
      this.notifier.close();
      this.rungs.close();
      this.feed.close();
      await this.endpoint.close();
      await this.log.flush(1000);
    }
  }

  /** Whether the agent ended with a thread that still waits for the disk. */
  get hangs(): boolean {
    return this.agent?.hangs ?? false;
  }

  private report(facts: Facts): void {
    this.log.info("status", summary(facts), { status: buildStatus(facts) });
  }

  private ask(what: "stop" | "reload"): void {
    if (what === "reload" && this.options.mode !== "follow") return this.reloads.ignored();
    if (what === "stop") {
      this.quit.abort();
      this.leaving?.hurry();
      this.agent?.stopSoon();
    }
    this.asked.resolve();
  }

  private current(): Agent {
    return this.agent as Agent;
  }

  private facts(): Facts {
    return this.carried.into(this.current().facts());
  }

  /** Locks the state directory first, then binds the address. On failure nothing stays open. */
  private async openAgent(config: Config): Promise<void> {
    const { mode, version, clock, output } = this.options;
    const from = clock.now();
    sayMemoryConflict(this.log, config.buffer.memory, this.memoryLimit);
    const ladderChanged = (ladder: LadderStanding): void => this.rungs.changed(ladder);
    const inherited = this.agent?.inheritance();
    const agent = await Agent.open({ config, mode, version, clock, log: this.log, ladderChanged, inherited, output });
    if (this.agent) this.carried.keep(this.facts());
    this.agent = agent;
    try {
      await this.endpoint.open(config.admin);
      await agent.start();
      sayOwnLog(this.log, config.inputs, (input, file) => agent.pathOf(input, file), LOG_FD);
    } catch (error) {
      // The start failed: persist at once, without delivering.
      agent.hurry();
      await agent.stop();
      throw error;
    }
    this.rungs.started(config.policies, this.facts().policies);
    // A stop ends the start before all files were looked at.
    if (!this.quit.signal.aborted) sayReady(this.log, this.facts(), clock.now() - from, this.endpoint.url);
    this.leaving = undefined;
    compactWhenIdle(clock, () => this.agent?.idle ?? true);
  }

  private ready(): void {
    if (!this.quit.signal.aborted) this.notifier.ready(`running: ${many(this.facts())}`);
  }

  private async follow(): Promise<ExitCode> {
    for (;;) {
      try {
        await Promise.race([this.asked.promise, this.current().failure()]);
      } catch (error) {
        if (!hasCode(error, "state-corrupt")) throw error;
        await this.restart(error);
        continue;
      }
      this.asked = Promise.withResolvers();
      if (this.quit.signal.aborted) {
        await this.stopAgent();
        return EXIT.ok;
      }
      await this.reload();
      if (this.quit.signal.aborted) this.asked.resolve();
    }
  }

  private async stopAgent(): Promise<void> {
    const agent = this.current();
    const { grace } = this.config.shutdown;
    const left = plural(buffered(agent.facts()).records, "record");
    this.notifier.stopping("stopping");
    const hurry = "Ctrl-C again: keep them on disk and leave now";
    this.log.info("stopping", `delivering for at most ${duration(grace)} (${left} left); ${hurry}`);
    await agent.stop();
    this.log.info("stopped", summary(this.facts()));
  }

  private async finish(): Promise<ExitCode> {
    const agent = this.current();
    const delivered = await runToEnd(agent, this.options, this.quit.signal);
    if (!delivered)
      sayUndelivered(this.log, agent.facts(), this.quit.signal.aborted ? undefined : this.options.deadline);
    this.log.info("stopped", summary(agent.facts()));
    return delivered ? EXIT.ok : EXIT.temporary;
  }

  private async reload(): Promise<void> {
    this.secretFiles.see();
    const reloaded = this.reloads.read(this.config);
    if (reloaded === undefined) return;
    const { config, changed, memoryLimit, secrets, secretFiles } = reloaded;
    this.secretFiles.follow(secretFiles);
    this.memoryLimit = memoryLimit;
    for (const secret of secrets) this.secrets.add(secret);
    this.notifier.reloading();
    const stop = this.quit.signal;
    try {
      if (!concernsAgent(changed)) await this.endpoint.open(config.admin);
      else if (await endRequests(this.current(), { ...this.options, log: this.log, config: this.config, stop }))
        await this.replace(config);
      else return;
      this.config = config;
      this.log.setLevel(config.log.level);
      this.reloads.succeeded(reloaded);
    } catch (error) {
      this.reloads.refused(error);
      if (this.leaving) await this.openAgent(this.config);
    }
    this.ready();
  }

  /** The state database is damaged. A new agent salvages it. */
  private async restart(error: unknown): Promise<void> {
    this.log.error("state_damaged", `${describe(error)}; the agent begins anew and salvages it`);
    await this.replace(this.config);
    this.ready();
  }

  private async replace(config: Config): Promise<void> {
    this.rungs.reloading();
    this.leaving = this.current();
    await this.leaving.handOver();
    await this.openAgent(config);
  }
}
