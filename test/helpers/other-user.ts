// Runs the agent as the user nobody. That user may not enter every folder that a checkout can lie in, so each test runs a copy.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "./tree.ts";

export const NOBODY = 65534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] as const;
/** What the agent needs of the checkout. */
const PARTS = ["package.json", "bin", "src", "node_modules"];

/** Why this process cannot become nobody; false if it can. */
export function cannotBecomeNobody(): string | false {
  if (process.getuid?.() !== 0) return "only root can run the agent as somebody else";
  const [command, ...options] = AS_NOBODY;
  return spawnSync(command, [...options, "true"]).status !== 0 && "setpriv is missing; apt-get install util-linux";
}

/** @param directory one that nobody may enter. The copy is a new folder in it. @returns the start of a command line that runs `spillway` */
export function agentAsNobody(directory: string): string[] {
  const copy = join(directory, "copy-of-spillway");
  mkdirSync(copy);
  chmodSync(copy, 0o755);
  for (const part of PARTS) {
    const from = join(ROOT, part);
    // Half a gigabyte as links takes no time, but needs one file system.
    if (spawnSync("cp", ["-rl", from, copy]).status !== 0)
      cpSync(from, join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  const node = relative(ROOT, process.execPath);
  return [...AS_NOBODY, node.startsWith("..") ? process.execPath : join(copy, node), join(copy, "bin/spillway.js")];
}
