// A run that has an end, `run --once` or `drain`: reads to the end, delivers, exits. Undelivered records stay in the buffer. A
// run without progress gives up.
import type { Clock } from "../core/clock.ts";
import { Progress } from "../ops/progress.ts";
import type { Agent } from "./agent.ts";
import type { Mode } from "./engine.ts";

export interface RunToEndOptions {
  readonly mode: Mode;
  readonly clock: Clock;
  /** Milliseconds without progress after which it gives up. */
  readonly deadline: number;
}

/** Stops the agent at its end, or when `stop` is aborted. @returns whether everything was delivered */
export async function runToEnd(agent: Agent, options: RunToEndOptions, stop: AbortSignal): Promise<boolean> {
  const ended = new AbortController();
  if (stop.aborted) ended.abort();
  stop.addEventListener("abort", () => ended.abort());
  const all = agent.readToEnd().then(() => agent.deliverAll(options.deadline, ended.signal));
  const delivered = await Promise.race([all, stuck(agent, options, ended.signal), agent.failure()]);
  ended.abort();
  agent.hurry();
  await agent.stop();
  return delivered;
}

/** Resolves when asked to stop, or when no record was settled within the deadline: reading may wait for ever. */
async function stuck(agent: Agent, { clock, deadline, mode }: RunToEndOptions, ended: AbortSignal): Promise<false> {
  // Only on a terminal; among JSON lines, a progress line would be noise.
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
