// `npm run check`: everything that can be said about the code without running the agent. All checks run, each says how it
// went and what to do about it; one that fails makes the exit code 1.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

interface Check {
  readonly name: string;
  readonly remedy: string;
  /** What is wrong, or nothing. */
  run(): string;
}

const CHECKS: readonly Check[] = [
  { name: "types", remedy: "see tsconfig.json for the strictness", run: () => command("tsc", "--noEmit") },
  { name: "lint", remedy: "rules and their reasons: .oxlintrc.json", run: () => command("oxlint") },
  { name: "format", remedy: "run `npm run format`", run: () => command("oxfmt", "--check") },
  { name: "unused", remedy: "delete it, or name its entry point in knip.json", run: () => command("knip") },
  { name: "generated files", remedy: "they are written anew now: look at them and commit them", run: staleFiles },
];

/** Scripts that write tracked files from the code, or complete them. */
const GENERATORS = "scripts/{generate,reference,complete}-*.ts";
const GENERATED = ["docs/**/*", "config/**/*", "package-lock.json"];

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
  // Some colour what no terminal shows when they see CI=true, NO_COLOR or not.
  return error?.message ?? (stripVTControlCharacters(`${stdout}${stderr}`).trim() || `${program} ended with ${status}`);
}

/** Runs every generator and compares before and after: no generator needs a mode for checking. */
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
