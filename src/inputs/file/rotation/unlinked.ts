// Limits unlinked files, whose bytes only the agent's descriptors keep on the disk. Beyond the budget some are detached: first
// those that were read and are kept for writers that may go on, then the oldest, whose unread bytes are counted. A full disk
// would stop the producers, which is worse.
import type { SourceIndex } from "../identity/source-index.ts";
import type { Shared } from "../shared.ts";
import type { Assignments } from "./assignments.ts";

export function abandonBeyond(budget: number, index: SourceIndex, assignments: Assignments, shared: Shared): void {
  let held = 0;
  for (const tail of index.unlinked) if (tail.links === 0) held += tail.stored;
  for (const tail of [...index.unlinked]) {
    if (held <= budget) return;
    if (tail.links !== 0 || tail.end === "open" || tail.lag > 0 || tail.slot !== "none") continue;
    held -= tail.stored;
    assignments.detach(tail, { reason: "deleted", bytes: 0 });
  }
  for (const tail of [...index.unlinked]) {
    if (held <= budget) return;
    if (tail.links !== 0 || tail.slot === "reading") continue;
    const { path, lag } = tail;
    held -= tail.stored;
    assignments.detach(tail, { reason: "abandoned", bytes: lag });
    const message = `${path} has no name any more and was let go with ${lag} bytes unread: unlinked files exceed \`held\`.`;
    shared.log.warn("file_abandoned", message, { path, unread_bytes: lag, held_bytes: budget });
  }
}
