// Relates `buffer.memory` to the memory limit of the process's cgroup, which a container or service manager sets: computes a
// default that fits, and the warning for a value that does not.
import { budget } from "../../core/figures.ts";
import { sizeText } from "../../core/units.ts";

const MIB = 2 ** 20;
export const LEAST_MEMORY = 8 * MIB;
const USUAL_MEMORY = 64 * MIB;
/** Most memory that the agent needs in addition to `buffer.memory`, with gzip: runtime, database, client. */
const BESIDE = 130 * MIB;

/** @param limit limit in bytes; undefined if there is none */
export function defaultMemory(limit: number | undefined): number {
  return limit === undefined ? USUAL_MEMORY : Math.max(LEAST_MEMORY, Math.min(USUAL_MEMORY, limit - BESIDE));
}

export interface MemoryConflict {
  readonly message: string;
  readonly help: string;
}

/** Undefined if the value fits into the limit. */
export function memoryConflict(memory: number, limit: number | undefined): MemoryConflict | undefined {
  if (limit === undefined || memory + BESIDE <= limit) return undefined;
  const message = `\`buffer.memory\` is ${sizeText(memory)} and the agent needs up to ${budget(BESIDE)} beside it, but the memory limit of its cgroup is ${budget(limit)}: under pressure the kernel would kill it`;
  const raise = `a memory limit of at least ${budget(memory + BESIDE)}`;
  const fits = Math.floor((limit - BESIDE) / MIB) * MIB;
  return { message, help: fits < LEAST_MEMORY ? raise : `\`memory: ${sizeText(fits)}\`, or ${raise}` };
}
