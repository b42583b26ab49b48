// A rule turned off, as one change to the text of the real code, in a copy of the tree: what is meant to notice runs there
// in a process of its own.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

export interface Mutant {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Throws when its text is not there exactly once: a table of mutants must stay true. */
export function mutated(directory: string, { name, file, from, to }: Mutant): string {
  const text = readFileSync(join(directory, "src", file), "utf8");
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${name}: its text stands ${parts.length - 1} times in src/${file}`);
  return parts.join(to);
}

/** Runs something in a copy of the tree that has the mutant in it. */
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
