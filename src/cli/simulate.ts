// `spillway simulate`: runs a ladder in virtual time with the agent's own policy code, so that an hour takes a moment.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Config } from "../core/options.ts";
import { parseRatio } from "../core/units.ts";
import type { Profile } from "../policy/simulate/profile.ts";
import type { SimulateOptions } from "../policy/simulate/result.ts";
import type { Call, Command } from "./program/command.ts";
import { configOf, CONFIG_OPTIONS, JSON_OPTION } from "./program/command.ts";
import { readProfile } from "./profile.ts";
import { didYouMean, longName, readDuration, readSize, usageFault } from "./program/usage.ts";
import { version } from "./version.ts";

export const simulate: Command = {
  name: "simulate",
  group: "Learn",
  about: "Runs a ladder in virtual time and plots utilization, rungs and losses",
  examples: [
    ["spillway simulate -c spillway.yml --produce 10000/s --consume 5000/s --for 1h", "twice as much in as out"],
    ["spillway simulate --produce 10000/s:10m,2000/s", "a peak of ten minutes"],
    ["spillway simulate --consume 5000/s:10m,0/s:15m,5000/s --svg outage.svg", "an outage of a quarter of an hour"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    { flags: "--policy <name>", about: "which ladder, if inputs use several; with its share of the budget" },
    { flags: "--produce <rate>", about: "lines written, also in steps", otherwise: "10000/s", read: readProfile },
    { flags: "--consume <rate>", about: "lines delivered, also in steps", otherwise: "5000/s", read: readProfile },
    { flags: "--for <duration>", about: "how long", otherwise: "1h", read: readTime },
    { flags: "--line <size>", about: "size of a line with its line end", otherwise: "200B", read: readPositive },
    { flags: "--always <ratio>", about: "share of lines that sampling always keeps", otherwise: "2%", read: readShare },
    { flags: "--rotation <size>", about: "how much unread log the rotation keeps", otherwise: "1GiB", read: readSize },
    { flags: "--stored <ratio>", about: "size of a row relative to its lines", otherwise: "25%", read: readStored },
    { flags: "--svg <file>", about: "also writes the plot to this file" },
    JSON_OPTION,
  ],
  exits: { [EXIT.config]: "the configuration has faults" },
  page: "policies.md",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const { config } = await configOf(call, "no server");
  const { simulate: calculate } = await import("../policy/simulate/simulate.ts");
  const { terminal, options } = call;
  const result = calculate(await optionsOf(config, options));
  if (typeof options["svg"] === "string") {
    const { renderSvg } = await import("../policy/simulate/render-svg.ts");
    await save(options["svg"], renderSvg(result));
  }
  if (terminal.json) {
    const { document } = await import("../policy/simulate/document.ts");
    terminal.out(JSON.stringify({ version, ...document(result) }, null, 2));
  } else {
    const { renderText } = await import("../policy/simulate/render-text.ts");
    terminal.out(renderText(result, terminal.columns).trimEnd());
  }
  return EXIT.ok;
}

async function optionsOf(config: Config, options: Call["options"]): Promise<SimulateOptions> {
  const { explain } = await import("../config/explain.ts");
  const { quotas } = await import("../buffer/budget/limits.ts");
  const ladders = explain(config);
  const names = ladders.map((ladder) => ladder.policy);
  const policy = (options["policy"] as string | undefined) ?? names[0];
  const chosen = ladders.find((ladder) => ladder.policy === policy);
  if (policy === undefined || chosen === undefined) {
    throw usageFault(
      `no input uses a policy ${policy}${didYouMean(policy ?? "", names)}`,
      `in use: ${names.join(" ")}`,
    );
  }
  const total = ladders.reduce((sum, ladder) => sum + ladder.share, 0);
  const inputs = config.inputs.filter((input) => input.policy === policy);
  const largest = Math.max(...inputs.map((input) => input.maxRecord));
  const { pool } = quotas(config.buffer.memory, config.output.batch.bytes, largest);
  return {
    policy,
    ladder: config.policies[policy] ?? [],
    budget: chosen.share,
    memory: config.buffer.disk > 0 ? Math.min(chosen.share, (pool * chosen.share) / total) : chosen.share,
    stored: config.buffer.disk > 0 ? (options["stored"] as number) : 1,
    produce: options["produce"] as Profile,
    consume: options["consume"] as Profile,
    forMs: options["for"] as number,
    lineBytes: options["line"] as number,
    always: options["always"] as number,
    named: options["rotation"] as number,
    held: inputs.reduce((sum, input) => sum + input.held, 0),
    mode: "ladder",
  };
}

async function save(file: string, content: string): Promise<void> {
  const { writeFile } = await import("node:fs/promises");
  const { SpillwayError, describe } = await import("../core/errors.ts");
  await writeFile(file, content).catch((cause: unknown) => {
    const options = { exit: EXIT.usage, cause, hint: "name a file in a directory that exists and may be written" };
    throw new SpillwayError("svg-not-written", `could not write ${file}: ${describe(cause)}`, options);
  });
}

function readPositive(text: string, flags: string): number {
  return above0(readSize(text, flags), text, flags);
}

function readTime(text: string, flags: string): number {
  return above0(readDuration(text, flags), text, flags);
}

function readStored(text: string, flags: string): number {
  return above0(readShare(text, flags), text, flags);
}

function readShare(text: string, flags: string): number {
  const ratio = parseRatio(text);
  if (typeof ratio === "number") return ratio;
  throw usageFault(`${longName(flags)} is \`${text}\`, ${ratio.why}`, ratio.help);
}

function above0(value: number, text: string, flags: string): number {
  if (value > 0) return value;
  throw usageFault(`${longName(flags)} is \`${text}\`, needs more than 0`);
}
