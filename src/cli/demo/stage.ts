// Starts the parts of the demo in one process: sandbox, log files, agent and admin endpoint, with a directory of their own.
// Invariant: however the demo ends, nothing is left behind.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../core/clock.ts";
import { SpillwayError, describe } from "../../core/errors.ts";
import type { Ladder } from "../../core/options.ts";
import { startAdmin } from "../../ops/admin/admin.ts";
import { pages } from "../../ops/admin/pages.ts";
import { watchProcess } from "../../ops/process-facts.ts";
import { Feed } from "../../ops/events/feed.ts";
import { type Status, buildStatus, statusDocument } from "../../ops/status.ts";
import { startSandbox } from "../../sandbox/bulk-server.ts";
import { parseFaults } from "../../sandbox/faults.ts";
import { type DemoConfig, demoConfig } from "./config.ts";
import type { AgentLog } from "./agent-log.ts";
import { type PageSwitches, switchPage } from "./page-switches.ts";
import { Traffic } from "./traffic.ts";

export interface StageOptions {
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly switches: PageSwitches;
  readonly version: string;
  /** The directory in which the demo creates its own. */
  readonly within: string;
}

export interface Stage {
  readonly directory: string;
  readonly config: DemoConfig;
  readonly ladder: Ladder;
  /** Address of the admin endpoint, ending in a slash. */
  readonly url: string;
  readonly traffic: Pick<Traffic, "rate" | "writtenBytes">;
  /** Number of documents in the sandbox. */
  stored(): number;
  /** Works after the end as well. */
  status(): Status;
  /** Sets the faults of the output. */
  change(faults: string): Promise<void>;
  /** Rejects when the agent meets a fatal error. */
  failure(): Promise<never>;
  /** Makes a stop that is under way finish without waiting. */
  hurry(): void;
  end(): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const ending = new AsyncDisposableStack();
  try {
    return await build(options, ending);
  } catch (error) {
    await ending.disposeAsync();
    throw error;
  }
}

/** The parts are stopped in reverse order: first the generator, then the agent, which still delivers to the sandbox. */
async function build(
  { clock, log, version, within, switches }: StageOptions,
  ending: AsyncDisposableStack,
): Promise<Stage> {
  const directory = await makeDirectory(within);
  ending.defer(() => rm(directory, { recursive: true }));
  const sandbox = await startSandbox({}, clock);
  ending.defer(() => sandbox.stop());
  const config = demoConfig(directory, sandbox.url);
  const agent = await Agent.open({ config: config.config, mode: "follow", version, clock, log });
  ending.defer(() => agent.stop());
  const facts = (): ReturnType<Agent["facts"]> => agent.facts();
  const loaded = {
    reloading: false,
    loadedAtMs: clock.wall(),
    reloads: { succeeded: 0, failed: 0 },
    lastFailure: undefined,
    atRestart: [],
  };
  const notifications = { sent: 0, failed: 0 };
  const process = watchProcess(clock, { dropped: () => 0, config: () => loaded, notifications });
  const feed = new Feed({ clock, status: () => statusDocument(facts(), process()), switches });
  log.feed(feed);
  const routes = new Map([...pages({ facts, process, alive: () => agent.alive(), feed }), switchPage(switches.press)]);
  const admin = await startAdmin({ listen: { host: "127.0.0.1", port: 0 }, hosts: [], routes, clock, log });
  ending.defer(() => admin.close());
  ending.defer(() => feed.close());
  const traffic = new Traffic(directory, clock);
  await traffic.start();
  ending.defer(() => traffic.stop());
  await agent.start();
  feed.start();
  return {
    directory,
    config,
    ladder: config.config.policies["default"] as Ladder,
    url: admin.url,
    traffic,
    stored: () => sandbox.store.count(),
    status: () => buildStatus(agent.facts()),
    change: (faults) => sandbox.change(parseFaults(faults)),
    failure: () => agent.failure(),
    hurry: () => agent.hurry(),
    end: () => ending.disposeAsync(),
  };
}

async function makeDirectory(within: string): Promise<string> {
  try {
    return await mkdtemp(join(within, "spillway-demo-"));
  } catch (cause) {
    const hint = "run it in a directory in which you may write; what it writes is removed at the end";
    throw new SpillwayError("demo-directory", `could not make a directory in ${within}: ${describe(cause)}`, {
      hint,
      cause,
    });
  }
}
