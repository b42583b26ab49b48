// Files without a name whose bytes only our descriptors keep on the disk. Beyond the budget some are let go: those that were
// read, and are kept for writers that may go on, then the oldest, and what was not read of them is counted. A full disk
// would stop the producers, which is worse.
import type { Generations } from "./generations.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";

export function abandonBeyond(budget: number, registry: Registry, generations: Generations, shared: Shared): void {
  let held = 0;
  for (const tail of registry.nameless) if (tail.links === 0) held += tail.stored;
  for (const tail of registry.nameless) {
    if (held <= budget) return;
    if (tail.links !== 0 || tail.end === "open" || tail.lag > 0 || tail.turn !== "none") continue;
    held -= tail.stored;
    generations.leave(tail, 0);
  }
  for (const tail of registry.nameless) {
    if (held <= budget) return;
    if (tail.links !== 0 || tail.turn === "reading") continue;
    held -= tail.stored;
    shared.unread.abandoned += tail.lag;
    shared.log.warn(
      "file_abandoned",
      `${tail.path} has no name any more and was let go with ${tail.lag} bytes unread: nameless files exceed held.`,
      { path: tail.path, unread_bytes: tail.lag, held_bytes: budget },
    );
    generations.finish(tail);
  }
}
