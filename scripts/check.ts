// `npm run check`: runs all static checks of the code. Every check runs and prints its result and, if it failed, what to do.
// The exit code is 1 if any check failed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

interface Check {
  readonly name: string;
  readonly remedy: string;
  /** Returns what is wrong; an empty string if the check passed. */
  run(): string;
}

const CHECKS: readonly Check[] = [
  { name: "types", remedy: "see tsconfig.json for the strictness", run: () => command("tsc", "--noEmit") },
  {
    name: "types of the page",
    remedy: "see src/web/tsconfig.json",
    run: () => command("tsc", "--noEmit", "-p", "src/web"),
  },
  { name: "lint", remedy: "rules and their reasons: .oxlintrc.json", run: () => command("oxlint") },
  { name: "format", remedy: "run `npm run format`", run: () => command("oxfmt", "--check") },
  { name: "unused", remedy: "delete it, or name its entry point in knip.json", run: () => command("knip") },
  { name: "generated files", remedy: "they are written anew now: look at them and commit them", run: staleFiles },
];

/** Scripts that generate or complete tracked files. */
const GENERATORS = "scripts/{generate,reference,complete}-*.ts";
const GENERATED = ["docs/**/*", "config/**/*", "examples/grafana/*", "package-lock.json"];

const failed: string[] = [];
for (const check of CHECKS) {
  const started = performance.now();
  const wrong = check.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${wrong ? "FAILED" : "ok    "} ${seconds.padStart(5)} s  ${check.name}\n`);
  if (!wrong) continue;
  process.stdout.write(`${wrong}\nwhat to do: ${check.remedy}\n\n`);
  failed.push(check.name);
}
if (failed.length > 0) process.stdout.write(`check failed: ${failed.join(", ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function command(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status === 0) return "";
  // With CI=true some programs colour their output even without a terminal, whatever NO_COLOR says.
  return error?.message ?? (stripVTControlCharacters(`${stdout}${stderr}`).trim() || `${program} ended with ${status}`);
}

/** Runs every generator and compares the files before and after, so that generators need no check mode. */
function staleFiles(): string {
  const before = fingerprints();
  const faults = globSync(GENERATORS)
    .sort()
    .map((script) => command(process.execPath, script));
  const after = fingerprints();
  const stale = [...after].filter(([file, hash]) => before.get(file) !== hash).map(([file]) => `${file} was stale`);
  return [...faults.filter(Boolean), ...stale].join("\n");
}

function fingerprints(): Map<string, string> {
  const files = globSync(GENERATED, { withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => `${entry.parentPath}/${entry.name}`);
  return new Map(paths.map((path) => [path, createHash("sha1").update(readFileSync(path)).digest("hex")]));
}
