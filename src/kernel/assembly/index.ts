// The kernel: pure functions over the arena's memory, one call per chunk. No state, no allocation; what a call needs and
// answers stands in a struct of job.ts, in the arena's first page.
export { encode } from "./encode";
export { scan } from "./scan";
