// The process's limit of open files. Node raises it at its start as far as it may.
import { readFileSync } from "node:fs";

/** Infinity: there is no limit. Where /proc cannot be read, the usual 1024. */
export function descriptorLimit(): number {
  try {
    return limitIn(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    return 1024;
  }
}

/** The limit in the text of /proc/PID/limits. */
export function limitIn(limits: string): number {
  const [, soft] = /^Max open files +(\d+|unlimited)/m.exec(limits) ?? [];
  return soft === undefined || soft === "unlimited" ? Infinity : Number(soft);
}
