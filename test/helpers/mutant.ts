// Mutation testing: turns one rule off by one change to the text of the real code, in a copy of the tree. The test that should
// notice runs there in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

export interface Mutant {
  readonly name: string;
  /** Path below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Throws unless `from` occurs exactly once in the file, so that the tables of mutants stay correct. */
export function mutated(directory: string, { name, file, from, to }: Mutant): string {
  const text = readFileSync(join(directory, "src", file), "utf8");
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${name}: its text stands ${parts.length - 1} times in src/${file}`);
  return parts.join(to);
}

/** Calls `run` with a copy of the tree that has the mutant in it. */
export async function inMutatedTree<T>(mutant: Mutant, run: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "spillway-mutant-"));
  try {
    for (const part of ["src", "test", "package.json"])
      cpSync(join(ROOT, part), join(directory, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
    writeFileSync(join(directory, "src", mutant.file), mutated(directory, mutant));
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Whether this test of the file fails. A run without any test does not count as a failure. */
export async function fails(file: string, name: string): Promise<boolean> {
  // The name of a test is preceded by the name of its suite.
  const pattern = `(?:^| )${RegExp.escape(name)}$`;
  const child = spawn(process.execPath, ["--test", `--test-name-pattern=${pattern}`, file], { stdio: "ignore" });
  const [code] = (await once(child, "close")) as [number | null];
  return code === 1;
}
