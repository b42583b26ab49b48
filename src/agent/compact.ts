// After a start the heap is collected once. The first scan of 10,000 files and the first batches leave 15 MiB of garbage in
// the old generation, and an agent whose files are quiet would not come to collect it for hours.
import type { Clock } from "../core/clock.ts";
import { collector } from "../core/collector.ts";

/** When the first files have been read. */
const AFTER_MS = 10_000;

export function compactLater(clock: Clock): void {
  clock.after(AFTER_MS, () => collector("last-resort")());
}
