// Which files a process keeps open, as the kernel tells it. One that has no name any more ends in " (deleted)".
import { readdirSync, readlinkSync } from "node:fs";
import { hasCode } from "../../src/core/errors.ts";

export function openBelow(directory: string, pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    .filter((path) => path.startsWith(directory));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    // Closed since it was listed.
    if (!hasCode(error, "ENOENT")) throw error;
    return "";
  }
}
