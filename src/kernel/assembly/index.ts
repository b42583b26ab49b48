// The kernel: pure functions over the arena's memory, one call per chunk. They keep no state and allocate nothing. Arguments and
// results are in a struct of job.ts, in the arena's first page.
import { LevelJob } from "./job";
import { levelOf } from "./level";

export { encode } from "./encode";
export { encodeTable } from "./encode-table";
export { object } from "./json-object";
export { scan } from "./scan";
export { thin, thinTable } from "./thin";

export function level(job: LevelJob): void {
  job.level = levelOf(job.src, job.src + job.length);
}
