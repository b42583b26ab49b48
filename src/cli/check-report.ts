// Prints the report of `spillway check` for a valid configuration.
import { effectiveFacts, effectiveYaml } from "../config/effective-yaml.ts";
import { bindingBudget, explain, explainLines } from "../config/explain.ts";
import { faultFacts } from "../config/faults/fault.ts";
import type { Loaded } from "../config/load.ts";
import { countFaults, renderFaults } from "../config/faults/render.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { StepReport } from "../outputs/elasticsearch/probe/step.ts";
import type { Found } from "./state/found.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { version } from "./version.ts";

/** @param how short: without the effective configuration */
export function printChecked(
  loaded: Loaded,
  found: readonly Found[],
  how: "whole" | "short",
  terminal: Terminal,
): void {
  const { config, files, warnings, secrets, hidden } = loaded;
  if (warnings.length > 0) {
    terminal.err(`${renderFaults(warnings, hidden, terminal.paintErr)}\n\n${countFaults(warnings)}.\n`);
  }
  if (how === "whole") {
    terminal.out(`# Effective configuration of ${files.join(", ")}`);
    terminal.out(effectiveYaml(config, secrets).trimEnd());
  } else terminal.out(`# ${files.join(", ")}: no faults; spillway check without --connect prints it with all defaults`);
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
}

/** The final lines: which connection steps failed and how to fix them, or the command to run next. @param sets how many --set were given */
export function printVerdict({ files }: Loaded, sets: number, steps: readonly StepReport[], terminal: Terminal): void {
  const failed = steps.filter(({ ok }) => !ok);
  for (const { host, step, what, hint, code } of failed) {
    const head = terminal.paintErr("error", `${step} failed`);
    terminal.err(`\n${head} at ${host}: ${what} [${code}]${hint === undefined ? "" : `\n  ${hint}`}`);
  }
  if (failed.length > 0) return;
  const given = files.map((file) => ` -c ${file}`).join("");
  const output = steps.length > 0 ? ", and nothing stands in the way to the output" : "";
  // Their values may be secrets.
  const same = sets > 0 ? ", with the same --set" : "";
  terminal.err(`no faults${output}; next: spillway run${given}${same}`);
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

/** Prints one line for a connection step, with the advice for a successful step below. */
export function printStep({ step, ok, ms, host, what, hint }: StepReport, terminal: Terminal): void {
  const sign = ok ? terminal.paintErr("help", "ok  ") : terminal.paintErr("error", "FAIL");
  const where = step === "resolve" || step === "connect" || step === "tls" || step === "server" ? `${host}: ` : "";
  const advice = ok && hint !== undefined ? `\n       ${hint}` : "";
  terminal.err(`  ${sign} ${step.padEnd(11)} ${duration(ms).padStart(6)}  ${where}${ok ? what : "see below"}${advice}`);
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
