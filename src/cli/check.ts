// `spillway check`: validates a configuration and explains what it does. For a valid configuration the output is YAML: the
// effective configuration, followed by the explanation as comments. With `--connect` the configuration is left out, so that all
// steps fit on a screen.
import type { ExitCode } from "../core/errors.ts";
import { EXIT } from "../core/errors.ts";
import type { Call, Command } from "./program/command.ts";
import { configOf, CONFIG_OPTIONS, JSON_OPTION } from "./program/command.ts";

export const check: Command = {
  name: "check",
  group: "Look",
  about: "Validates a configuration and says what it will do",
  examples: [
    [
      "spillway check -c spillway.yml",
      "every fault with its place, or the effective configuration and what each rung does",
    ],
    ["spillway check -c spillway.yml --connect", "also tests the connection to the output"],
    ["spillway check --deny-warnings --json", "for a pipeline that deploys configurations"],
  ],
  options: [
    ...CONFIG_OPTIONS,
    {
      flags: "--connect",
      about:
        "tests the output step by step: name, connection, TLS, server, credentials, privileges, every index, the body limit",
    },
    { flags: "--deny-warnings", about: "treats warnings as faults: exit code 78" },
    JSON_OPTION,
  ],
  exits: {
    [EXIT.temporary]: "with --connect: a step failed; the output says what to do",
    [EXIT.config]: "the configuration has faults",
  },
  page: "reference/cli.md#check",
  run,
};

async function run(call: Call): Promise<ExitCode> {
  const { systemClock } = await import("../core/clock.ts");
  const { ConfigError } = await import("../config/faults/fault.ts");
  const { findFiles } = await import("./state/found.ts");
  const report = await import("./check-report.ts");
  const { terminal, options } = call;
  const loaded = await configOf(call, options["connect"] === true ? "everything" : "no server");
  if (options["denyWarnings"] === true && loaded.warnings.length > 0) {
    throw new ConfigError([], loaded.warnings, loaded.hidden);
  }
  const found = await Promise.all(loaded.config.inputs.map(findFiles));
  const connects = options["connect"] === true;
  if (!terminal.json) report.printChecked(loaded, found, connects ? "short" : "whole", terminal);
  const steps: import("../outputs/elasticsearch/probe/step.ts").StepReport[] = [];
  if (connects) {
    const { probe } = await import("../outputs/elasticsearch/probe/probe.ts");
    const { targetNames } = await import("../outputs/elasticsearch/probe/target-names.ts");
    const { output } = loaded.config;
    for await (const step of probe(output, targetNames(loaded.config, systemClock.wall()), systemClock)) {
      steps.push(step);
      if (!terminal.json) report.printStep(step, terminal);
    }
  }
  const sets = (options["set"] ?? []) as readonly string[];
  if (!terminal.json) report.printVerdict(loaded, sets.length, steps, terminal);
  if (terminal.json) report.printJson(loaded, found, steps, terminal);
  return steps.some((step) => !step.ok) ? EXIT.temporary : EXIT.ok;
}
