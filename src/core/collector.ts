// A full collection of the thread's heap at once, for moments after which V8 sees no reason for one: it keeps what a heap
// once needed.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * @param flavor last-resort: compacts as well (after a regular one, 16 of 38 MiB of old generation were holes), and
 * throws compiled code away, so only for once.
 */
export function collector(flavor: "regular" | "last-resort"): () => void {
  // The function exists in contexts that are made after the flag was set.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { type: "major"; flavor: typeof flavor }) => void;
  return () => collect({ type: "major", flavor });
}
