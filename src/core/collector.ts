// How much garbage this process's heap keeps.
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How far a heap may grow until garbage is collected: percent of what is in use (bin/spillway.js starts with it), and bytes. */
const GROWTH = { most: 60, least: 10, bytes: 20 << 20 };
let growth = GROWTH.most;

/**
 * Bounds the garbage of a heap that has become large, for example because of 200,000 sources: V8 lets it grow by a share of what
 * is in use. Call it again and again while the heap may grow. @returns the share that applies from the next collection on, in percent
 */
export function boundGarbage(used = getHeapStatistics().used_heap_size): number {
  const percent = Math.round(Math.min(GROWTH.most, Math.max(GROWTH.least, (100 * GROWTH.bytes) / used)));
  if (percent !== growth) setFlagsFromString(`--heap-growing-percent=${percent}`);
  growth = percent;
  return percent;
}

/**
 * Forces a full collection of this thread's heap. For moments after which V8 has no reason to collect by itself: it would keep
 * the memory that the heap needed at its peak.
 * @param flavor last-resort: also compacts (after a regular collection, 16 of 38 MiB of the old generation were holes) and
 * discards compiled code, so use it only for single occasions.
 */
export function collector(flavor: "regular" | "last-resort"): () => void {
  // The flag adds the function only to contexts created afterwards.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { type: "major"; flavor: typeof flavor }) => void;
  return () => collect({ type: "major", flavor });
}
