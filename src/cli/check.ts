// `spillway check`: validates a configuration and says what it will do. Its output without faults is YAML: the effective
// configuration, then the explanation as comments.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./command.ts";
import { configOf, CONFIG_OPTIONS, JSON_OPTION } from "./command.ts";

export const check: Command = {
  name: "check",
  group: "Look",
  about: "Validates a configuration and says what it will do",
  examples: [
    [
      "spillway check -c spillway.yml",
      "every fault with its place, or the effective configuration and what each rung does",
    ],
    ["spillway check -c spillway.yml --connect", "also dials the output, step by step"],
    ["spillway check --deny-warnings --json", "for a pipeline that deploys configurations"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    { flags: "--connect", about: "dials the output and says which server answered, or which step failed" },
    { flags: "--deny-warnings", about: "warnings end it like faults, with exit code 78" },
    JSON_OPTION,
  ],
  exits: {
    [EXIT.temporary]: "with --connect: no host of the output could be reached, or did not answer as it should",
    [EXIT.config]: "the configuration has faults",
  },
  page: "reference/cli.md#check",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const { systemClock } = await import("../core/clock.ts");
  const { ConfigError } = await import("../config/fault.ts");
  const { findFiles } = await import("./found.ts");
  const report = await import("./check-report.ts");
  const loaded = await configOf(call);
  const { terminal, options } = call;
  if (options["denyWarnings"] === true && loaded.warnings.length > 0) {
    throw new ConfigError([], loaded.warnings, loaded.hidden);
  }
  const found = await Promise.all(loaded.config.inputs.map(findFiles));
  if (!terminal.json) report.printChecked(loaded, found, terminal);
  const steps: import("./connect.ts").StepReport[] = [];
  if (options["connect"] === true) {
    const { dial } = await import("./connect.ts");
    if (!terminal.json) terminal.err(`dialling ${loaded.config.output.hosts.join(", ")}`);
    for await (const step of dial(loaded.config.output, systemClock)) {
      steps.push(step);
      if (!terminal.json) report.printStep(step, terminal);
    }
  }
  if (terminal.json) report.printJson(loaded, found, steps, terminal);
  return steps.some((step) => !step.ok) ? EXIT.temporary : EXIT.ok;
}
