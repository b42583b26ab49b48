// What the demo consists of, in one process: sandbox, log files, agent and its admin endpoint, in a directory of their
// own. What must hold: however it ends, all of it is gone afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../core/clock.ts";
import { SpillwayError, describe } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Ladder } from "../../core/options.ts";
import { startAdmin } from "../../ops/admin.ts";
import { pages } from "../../ops/pages.ts";
import { watchProcess } from "../../ops/process-facts.ts";
import { type Status, buildStatus } from "../../ops/status.ts";
import { startSandbox } from "../../sandbox/bulk-server.ts";
import { parseFaults } from "../../sandbox/faults.ts";
import { type DemoConfig, demoConfig } from "./config.ts";
import { Traffic } from "./traffic.ts";

export interface StageOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Where the directory is made. */
  readonly within: string;
}

export interface Stage {
  readonly directory: string;
  readonly config: DemoConfig;
  readonly ladder: Ladder;
  /** Of the admin endpoint, ending in a slash. */
  readonly url: string;
  readonly traffic: Pick<Traffic, "rate" | "writtenBytes">;
  /** Documents that the sandbox holds. */
  stored(): number;
  /** Also after the end. */
  status(): Status;
  /** What is wrong with the output. */
  change(faults: string): Promise<void>;
  /** Rejects when the agent met something that must end it. */
  failure(): Promise<never>;
  /** Skips the waiting of an end that is under way. */
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

/** Ended in reverse: no more lines, then the agent delivers to a sandbox that is still there. */
async function build({ clock, log, version, within }: StageOptions, ending: AsyncDisposableStack): Promise<Stage> {
  const directory = await makeDirectory(within);
  ending.defer(() => rm(directory, { recursive: true }));
  const sandbox = await startSandbox({}, clock);
  ending.defer(() => sandbox.stop());
  const config = demoConfig(directory, sandbox.url);
  const agent = await Agent.open({ config: config.config, mode: "follow", version, clock, log });
  ending.defer(() => agent.stop());
  const facts = (): ReturnType<Agent["facts"]> => agent.facts();
  const process = watchProcess(clock, { dropped: 0 });
  const admin = await startAdmin(
    { host: "127.0.0.1", port: 0 },
    [],
    pages({ facts, process, alive: () => agent.alive() }),
  );
  ending.defer(() => admin.close());
  const traffic = new Traffic(directory, clock);
  await traffic.start();
  ending.defer(() => traffic.stop());
  await agent.start();
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
