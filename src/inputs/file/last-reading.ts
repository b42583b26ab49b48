// The last reading before a stop, for files that nobody writes to or reads again, as those of a pod that ends: new lines are
// read as long as they come, and then what a quiet file ends with is taken as it is, with or without its line end. A file
// that still grows keeps a line that is not whole: it is being written, and whoever reads the file next has it in whole.
import type { Goals } from "./goals.ts";
import type { Looker } from "./look.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import type { Tail } from "./tail.ts";

/** Programs that end write their last lines in bursts with pauses; one that buffers its lines writes half ones. */
const QUIET_MS = 1000;
const LOOK_MS = 100;

export interface LastReadingParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly looker: Looker;
  readonly goals: Goals;
}

/** Resolves when all is handed over, or when the signal aborts, whatever came first. */
export async function readTheLast(parts: LastReadingParts, signal: AbortSignal): Promise<void> {
  const { clock, mode } = parts.shared;
  // Has read every file to its end, and waits for nobody.
  if (mode === "once") return;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!signal.aborted) {
    await Promise.race([readTheRest(parts), aborted]);
    if (isQuiet(parts)) return;
    await clock.sleep(LOOK_MS, signal);
  }
}

async function readTheRest({ shared, registry, looker, goals }: LastReadingParts): Promise<void> {
  for (const tail of registry.all) {
    looker.look(tail);
    if (!isOwed(tail) || shared.clock.now() - tail.grownAt < QUIET_MS) continue;
    tail.end = "closing";
    looker.look(tail);
  }
  await goals.reached(registry.all);
}

function isQuiet({ shared, registry }: LastReadingParts): boolean {
  const now = shared.clock.now();
  return [...registry.all].every((tail) => now - tail.grownAt >= QUIET_MS && !isOwed(tail));
}

/** Compressed content has its end in itself. */
function isOwed(tail: Tail): boolean {
  return tail.lag > 0 && tail.failing === "no" && tail.packed === undefined;
}
