// What `check` prints about a configuration without faults.
import { effectiveFacts, effectiveYaml } from "../config/effective-yaml.ts";
import { bindingBudget, explain, explainLines } from "../config/explain.ts";
import { faultFacts } from "../config/fault.ts";
import type { Loaded } from "../config/load.ts";
import { countFaults, renderFaults } from "../config/render.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { StepReport } from "./connect.ts";
import type { Found } from "./found.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

export function printChecked(loaded: Loaded, found: readonly Found[], terminal: Terminal): void {
  const { config, files, warnings, secrets, hidden } = loaded;
  if (warnings.length > 0) {
    terminal.err(`${renderFaults(warnings, hidden, terminal.paintErr)}\n\n${countFaults(warnings)}.\n`);
  }
  terminal.out(`# Effective configuration of ${files.join(", ")}`);
  terminal.out(effectiveYaml(config, secrets).trimEnd());
  const ladders = explain(config).flatMap((ladder) => explainLines(ladder, config));
  const lines = [
    "What happens when the buffer fills:",
    ...indent(ladders),
    "What is there to read now:",
    ...indent(found.flatMap(foundLines)),
  ];
  terminal.out(
    ["", ...lines, ...indent([lastsLine(bindingBudget(config), found)])]
      .map((line) => `# ${line}`.trimEnd())
      .join("\n"),
  );
  const given = files.map((file) => ` -c ${file}`).join("");
  terminal.err(`no faults; next: spillway run${given}`);
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function foundLines({ input, files, bytes, examples, unreadable }: Found): readonly string[] {
  const more = files > examples.length ? ` and ${count(files - examples.length)} more` : "";
  const head =
    files === 0
      ? `${input}: no file matches yet; they are read as they appear`
      : `${input}: ${count(files)} file${files === 1 ? "" : "s"}, ${flow(bytes)}: ${examples.join(", ")}${more}`;
  return [head, ...unreadable.map((path) => `${input}: cannot look into ${path}`)];
}

function lastsLine(budget: number, found: readonly Found[]): string {
  const growth = found.reduce((sum, one) => sum + one.growth, 0);
  if (growth < 1) return "How long the buffer lasts: the files have not grown enough to tell";
  const lasts = duration((budget / growth) * 1000);
  return `How long the buffer lasts: ${lasts} without the output, at the ${flow(growth)}/s that the files grew by so far`;
}

export function printStep(step: StepReport, terminal: Terminal): void {
  const sign = step.ok ? terminal.paintErr("help", "ok  ") : terminal.paintErr("error", "FAIL");
  const hint = step.hint === undefined ? "" : `; ${step.hint}`;
  terminal.err(`  ${sign} ${step.step.padEnd(8)} ${duration(step.ms).padStart(6)}  ${step.host}: ${step.what}${hint}`);
}

export function printJson(
  loaded: Loaded,
  found: readonly Found[],
  steps: readonly StepReport[],
  terminal: Terminal,
): void {
  const { config, files, warnings, secrets } = loaded;
  const facts = {
    version,
    files,
    warnings: warnings.map(faultFacts),
    config: effectiveFacts(config, secrets),
    policies: explain(config),
    inputs: Object.fromEntries(found.map(({ input, ...rest }) => [input, rest])),
    ...(steps.length > 0 ? { output: { steps } } : {}),
  };
  terminal.out(JSON.stringify(facts, null, 2));
}
