// Keeps the heap small while the agent runs.
import { type Clock, inStep } from "../core/clock.ts";
import { boundGarbage, collector } from "../core/collector.ts";

const LOOK_MS = 1000;
/** By the first time, the first files have been read. */
const IDLE_MS = 10_000;

/** Bounds the garbage of the heap from now on. */
export function keepGarbageBounded(clock: Clock): void {
  boundGarbage();
  clock.after(inStep(clock, LOOK_MS), () => keepGarbageBounded(clock));
}

/**
 * Collects garbage once after the start, as soon as nothing is buffered. The first scan of 10,000 files and the first batches leave
 * 15 MiB of garbage in the old generation. With quiet files, the next collection would not come for hours.
 * @param idle nobody waits for the event loop now: it stands still for 3 ms per MiB of the heap, 100 ms with 10,000 files
 */
export function compactWhenIdle(clock: Clock, idle: () => boolean): void {
  clock.after(IDLE_MS, () => {
    if (!idle()) return compactWhenIdle(clock, idle);
    collector("last-resort")();
  });
}
