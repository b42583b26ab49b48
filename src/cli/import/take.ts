// Runs `spillway import`: reads the other agent's state, decides what to do with each entry, writes the sources and prints a
// report. Invariant: everything is decided before anything is written, and one transaction writes all of it.
import { stateFolder } from "../../buffer/directory/private.ts";
import { systemClock } from "../../core/clock.ts";
import { EXIT, type ExitCode } from "../../core/errors.ts";
import type { Config } from "../../core/options.ts";
import type { KnownSource } from "../../core/source.ts";
import { type Call, configOf } from "../program/command.ts";
import { type Reading, merge } from "./entry.ts";
import { Finder } from "./find.ts";
import { Heads } from "./heads.ts";
import { holderOf } from "./holder.ts";
import { type Plan, plan } from "./plan.ts";
import { importDocument, importLines, warningLines } from "./report.ts";
import { Scope } from "./scope.ts";
import { addSources, type KnownState, knownState } from "./state.ts";
import { busy } from "./state-file.ts";

export interface Agent {
  readonly name: string;
  readonly read: (from: string) => Promise<Reading>;
}

export async function takeOver(call: Call, agent: Agent): Promise<ExitCode> {
  const { terminal, options } = call;
  const { config } = await configOf(call, "no server");
  const reading = merge(await Promise.all((options["from"] as readonly string[]).map(agent.read)));
  const header = (options["ignoredHeaderBytes"] as number | undefined) ?? 0;
  const choose = (known: KnownState): Promise<Choice> => decide(reading, config.inputs, header, known);
  const directory = stateFolder(config.buffer.path);
  const mode = options["dryRun"] === true ? "dry run" : "written";
  if (mode === "written") refuseRunning(reading.locks);
  const { plan } = await (mode === "dry run" ? choose(knownState(directory)) : addSources(directory, choose));
  const facts = { agent: agent.name, reading, plan, directory, mode } as const;
  if (terminal.json) terminal.out(JSON.stringify(importDocument(facts), null, 2));
  else {
    const warning = terminal.paintErr("warning", "warning:");
    for (const line of warningLines(reading, plan)) terminal.err(`${warning} ${line}`);
    terminal.out(importLines(facts).join("\n"));
    terminal.err(next(call, agent.name, mode));
  }
  return EXIT.ok;
}

interface Choice {
  readonly plan: Plan;
  /** The sources to write. */
  readonly sources: readonly KnownSource[];
}

async function decide(
  reading: Reading,
  inputs: Config["inputs"],
  header: number,
  { sources: known, starts }: KnownState,
): Promise<Choice> {
  const paths = reading.entries.map(({ path }) => path).filter((path) => path !== undefined);
  const scope = await Scope.look(inputs, paths, systemClock);
  const finder = new Finder(scope, new Heads(scope.files, header));
  const made = plan({ reading, inputs, scope, finder, known, starts, nowMs: systemClock.wall() });
  return { plan: made, sources: made.taken.filter(({ how }) => how !== "kept").map(({ source }) => source) };
}

/** Refuses to import while the other agent runs: whatever it still ships would be shipped twice. */
function refuseRunning(locks: readonly string[]): void {
  for (const file of locks) {
    const pid = holderOf(file);
    if (pid !== undefined) throw busy(file, pid);
  }
}

function next({ options }: Call, agent: string, mode: "written" | "dry run"): string {
  const words = (options["config"] as readonly string[]).map((file) => ` -c ${file}`).join("");
  return mode === "dry run"
    ? `nothing was written; next: stop ${agent} for good, then the same without --dry-run`
    : `next: spillway run${words}; ${agent} must stay stopped`;
}
