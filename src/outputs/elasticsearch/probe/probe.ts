// `check --connect`: tests the path to the output step by step, for each host. Then asks the cluster, through the first host
// that answers, about the credentials and every index that documents go to. Invariant: nothing is written.
import type { Clock } from "../../../core/clock.ts";
import { EXIT, SpillwayError } from "../../../core/errors.ts";
import { silentLog } from "../../../core/log.ts";
import type { OutputOptions } from "../../../core/options.ts";
import { fault } from "../connect.ts";
import { createElasticsearchOutput } from "../output.ts";
import { Api } from "./api.ts";
import { body } from "./body.ts";
import { reach, speaksTls } from "./reach.ts";
import { type Found, type StepName, type StepReport, timed } from "./step.ts";
import { identity, pipeline, privileges, target } from "./targets.ts";

/** The targets beyond this number share one step, because a screen has no room for more. */
const MAX_TARGETS = 12;
/** Limit for all requests to a cluster together. */
const MOST_MS = 60_000;

/**
 * Yields each step when it ends. If a host cannot be reached or refuses the credentials, its remaining steps are skipped.
 * @param targets indices that documents go to
 */
export async function* probe(
  options: OutputOptions,
  targets: readonly string[],
  clock: Clock,
): AsyncGenerator<StepReport> {
  let asked = false;
  for (const host of new Set(options.hosts)) {
    const only = { ...options, hosts: [host] };
    let ok = true;
    for await (const report of reach(host, only, clock)) {
      ok = report.ok;
      yield report;
    }
    if (!ok) continue;
    const server = await timed(host, "server", clock, () => greet(only, clock));
    yield server;
    if (!server.ok || asked) continue;
    asked = true;
    yield* cluster(host, only, targets, clock);
  }
}

async function greet(options: OutputOptions, clock: Clock): Promise<Found> {
  const output = createElasticsearchOutput(options, { clock, log: silentLog });
  try {
    return { what: (await output.connect(AbortSignal.timeout(options.timeout))).name };
  } catch (error) {
    if (!(error instanceof SpillwayError))
      throw fault("connect", `no answer within ${options.timeout / 1000} s`, error);
    const [host = ""] = options.hosts;
    if (!(await speaksTls(host, options, clock))) throw error;
    const hint = `write ${host.replace(/^http:/, "https:")} in output.hosts`;
    const what = "Cannot connect to the output: the port speaks TLS, and output.hosts says http://.";
    throw new SpillwayError("output-connect", what, { hint, exit: EXIT.temporary });
  } finally {
    await output.close();
  }
}

async function* cluster(
  host: string,
  options: OutputOptions,
  targets: readonly string[],
  clock: Clock,
): AsyncGenerator<StepReport> {
  const deadline = AbortSignal.timeout(MOST_MS);
  const api = new Api(options, clock, deadline);
  const step = (name: StepName, run: () => Promise<Found>): Promise<StepReport> => timed(host, name, clock, run);
  try {
    const credentials = await step("credentials", () => identity(api, options));
    yield credentials;
    if (!credentials.ok) return;
    if (options.auth !== undefined) yield await step("privileges", () => privileges(api, targets, options));
    for (const name of targets.slice(0, MAX_TARGETS)) yield await step("target", () => target(api, name, options));
    if (targets.length > MAX_TARGETS) yield await step("target", () => rest(api, targets.slice(MAX_TARGETS), options));
    const { pipeline: named } = options;
    if (named !== undefined) yield await step("pipeline", () => pipeline(api, named));
    yield await step("body", () => body(api, options));
  } finally {
    api.close();
  }
}

/** Tests the remaining targets in one step. The first one that is wrong throws. */
async function rest(api: Api, targets: readonly string[], options: OutputOptions): Promise<Found> {
  const found: Found[] = [];
  for (const name of targets) found.push(await target(api, name, options));
  const advised = found.find(({ hint }) => hint !== undefined);
  return advised ?? { what: `${targets.length} more: nothing stands in the way` };
}
