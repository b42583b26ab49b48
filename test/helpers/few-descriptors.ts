// Imported before the inputs: this process may have few descriptors from then on.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

const { status, stderr } = spawnSync("prlimit", ["--pid", `${process.pid}`, "--nofile=64:"], { encoding: "utf8" });
if (status !== 0) throw new Error(`no limit of descriptors: ${stderr}`);

/** Files that the inputs keep open then. */
export const MOST_OPEN = 8;

/** @returns gives them back */
export function takeAllDescriptors(): () => void {
  const taken: number[] = [];
  for (;;)
    try {
      taken.push(openSync("/dev/null", "r"));
    } catch {
      return () => taken.forEach((fd) => closeSync(fd));
    }
}
