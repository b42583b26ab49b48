// Which process has a file locked, as Linux tells it: an agent that still runs would go on shipping what is taken over here.
import { readFileSync, statSync } from "node:fs";

/** Undefined: none, or none that can be seen from here (another host, a file system whose devices are not those of `stat`). */
export function holderOf(file: string): number | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return parseLocks(readFileSync("/proc/locks", "latin1")).get(`${placeOf(dev)}:${ino}`);
  } catch {
    return undefined;
  }
}

/** Process numbers by MAJOR:MINOR:INODE. */
export function parseLocks(text: string): ReadonlyMap<string, number> {
  const locks = text.matchAll(/^\d+:\s+\w+\s+\w+\s+\w+\s+(\d+)\s+([0-9a-f]+:[0-9a-f]+:\d+) /gm);
  return new Map([...locks].map(([, pid, place]) => [place as string, Number(pid)]));
}

function placeOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return [major, minor].map((n) => n.toString(16).padStart(2, "0")).join(":");
}
