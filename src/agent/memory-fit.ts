// Warns at the start if `buffer.memory` does not fit the memory limit of the cgroup. `check` may have run on another machine,
// and the limit of a service can change.
import { memoryConflict } from "../config/values/memory.ts";
import type { Log } from "../core/log.ts";

/** @param limit bytes; undefined: no limit */
export function sayMemoryConflict(log: Log, memory: number, limit: number | undefined): void {
  const conflict = memoryConflict(memory, limit);
  if (conflict === undefined) return;
  log.warn("memory_over_limit", `${conflict.message}. Use ${conflict.help}`, { memory, limit });
}
