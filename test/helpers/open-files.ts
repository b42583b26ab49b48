// Lists the files that a process has open, from /proc. The kernel appends " (deleted)" to the path of an unlinked file.
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
    // Closed since the directory was listed.
    if (!hasCode(error, "ENOENT")) throw error;
    return "";
  }
}
