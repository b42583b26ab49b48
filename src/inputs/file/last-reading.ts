// The last reading before a stop, for files that nobody writes to or reads again, as those of a pod that ends: new lines are
// read as long as they come, and when no file grows any more, what each ends with is taken as it is, with or without its
// line end. Not earlier: a program that buffers its lines may pause in the middle of one while others write. Where the time
// is up before, a file that still grows keeps a line that is not whole: whoever reads the file next has it in whole.
import type { Goals } from "./goals.ts";
import type { Looker } from "./look.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import type { Tail } from "./tail.ts";

/** Programs that end write their last lines in bursts with pauses; one that buffers its lines writes half ones. */
const QUIET_MS = 1000;
const LOOK_MS = 100;
/** For the lines of quiet files when the time is up: they are few, but there may be no room for them. */
const LAST_MS = 1000;

export interface LastReadingParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly looker: Looker;
  readonly goals: Goals;
}

/** Resolves when all is handed over, or soon after the signal aborts, whatever came first. */
export async function readTheLast(parts: LastReadingParts, signal: AbortSignal): Promise<void> {
  const { clock, mode } = parts.shared;
  // Has read every file to its end, and waits for nobody.
  if (mode === "once") return;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!signal.aborted) {
    await Promise.race([readTheRest(parts), aborted]);
    if (owing(parts).length === 0 && isQuiet(parts)) return;
    await clock.sleep(LOOK_MS, signal);
  }
  const end = clock.now() + LAST_MS;
  close(parts);
  while (clock.now() < end && owing(parts).some((tail) => tail.end === "closing")) await clock.sleep(LOOK_MS);
}

async function readTheRest(parts: LastReadingParts): Promise<void> {
  const { registry, looker, goals } = parts;
  for (const tail of registry.all) looker.look(tail);
  await goals.reached(registry.all);
  if (isQuiet(parts)) close(parts);
}

/** What quiet files end with is taken as it is, unless they grow before (look.ts). */
function close(parts: LastReadingParts): void {
  const { looker } = parts;
  for (const tail of owing(parts)) {
    // To read what came before may have taken a while.
    looker.look(tail);
    if (!hasRested(tail, parts)) continue;
    tail.end = "closing";
    looker.look(tail);
  }
}

function isQuiet(parts: LastReadingParts): boolean {
  return [...parts.registry.all].every((tail) => hasRested(tail, parts));
}

function hasRested(tail: Tail, { shared }: LastReadingParts): boolean {
  return shared.clock.now() - tail.grownAt >= QUIET_MS;
}

/** Compressed content has its end in itself. */
function owing({ registry }: LastReadingParts): readonly Tail[] {
  return [...registry.all].filter((tail) => tail.lag > 0 && tail.failing === "no" && tail.packed === undefined);
}
