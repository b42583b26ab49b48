// Lowers this process's soft limit of open files (RLIMIT_NOFILE) to 64. Import it before the inputs.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

const { status, stderr } = spawnSync("prlimit", ["--pid", `${process.pid}`, "--nofile=64:"], { encoding: "utf8" });
if (status !== 0) throw new Error(`no limit of descriptors: ${stderr}`);

/** Number of files that the inputs keep open under this limit. */
export const MOST_OPEN = 8;

/** Opens files until none can be opened. @returns a function that closes them */
export function takeAllDescriptors(): () => void {
  const taken: number[] = [];
  for (;;)
    try {
      taken.push(openSync("/dev/null", "r"));
    } catch {
      return () => taken.forEach((fd) => closeSync(fd));
    }
}
