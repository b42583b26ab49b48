// Finds the process that holds a lock on a file, from /proc/locks. This detects another agent that still runs, which would
// ship the same data again.
import { readFileSync, statSync } from "node:fs";

/** Undefined if there is no holder or it is not visible (another host, a file system with other device numbers than `stat`). */
export function holderOf(file: string): number | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return parseLocks(readFileSync("/proc/locks", "latin1")).get(`${placeOf(dev)}:${ino}`);
  } catch {
    return undefined;
  }
}

/** Process ids by MAJOR:MINOR:INODE. */
export function parseLocks(text: string): ReadonlyMap<string, number> {
  const locks = text.matchAll(/^\d+:\s+\w+\s+\w+\s+\w+\s+(\d+)\s+([0-9a-f]+:[0-9a-f]+:\d+) /gm);
  return new Map([...locks].map(([, pid, place]) => [place as string, Number(pid)]));
}

function placeOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return [major, minor].map((n) => n.toString(16).padStart(2, "0")).join(":");
}
