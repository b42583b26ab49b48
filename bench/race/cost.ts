// What a running process has cost so far.
import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

export interface Cost {
  /** CPU seconds of all threads. */
  readonly cpu: number;
  /** Peak resident memory in MiB. */
  readonly peak: number;
}

export function costOf(pid: number): Cost {
  const [, after = ""] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ");
  const fields = after.split(" ").map(Number);
  const [, peak = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return { cpu: ((fields[11] as number) + (fields[12] as number)) / TICKS_PER_SECOND, peak: Number(peak) / 1024 };
}
