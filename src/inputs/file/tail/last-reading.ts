// The last reading before a stop, for files that nobody writes or reads afterwards, such as those of a pod that ends. New lines
// are read as long as they come. When no file grows any more, the last line of each is taken as it is, with or without line
// end. Not earlier: a program that buffers its lines may pause in the middle of one while others write. If time is up before
// that, a file that still grows keeps its partial line: the file's next reader has all of it.
import type { SourceIndex } from "../identity/source-index.ts";
import type { Shared } from "../shared.ts";
import type { Drain } from "./drain.ts";
import type { Poller } from "./poller.ts";
import type { Tail } from "./tail.ts";

/**
 * A file is quiet after this long. Programs that end write their last lines in bursts with pauses; a buffering program writes
 * half lines.
 */
const QUIET_MS = 1000;
const POLL_MS = 100;
/** For the last lines of quiet files when the time is up: they are few, but there may be no room for them. */
const LAST_MS = 1000;

export interface LastReadingParts {
  readonly shared: Shared;
  readonly index: SourceIndex;
  readonly poller: Poller;
  readonly drain: Drain;
}

/** Resolves when everything is handed over, or soon after the signal aborts, whichever comes first. */
export async function readTheLast(parts: LastReadingParts, signal: AbortSignal): Promise<void> {
  const { clock, mode } = parts.shared;
  // In this mode every file has been read to its end already.
  if (mode === "once") return;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  while (!signal.aborted) {
    await Promise.race([readTheRest(parts), aborted]);
    if (unread(parts).length === 0 && isQuiet(parts)) return;
    await clock.sleep(POLL_MS, signal);
  }
  const end = clock.now() + LAST_MS;
  close(parts);
  while (clock.now() < end && unread(parts).some((tail) => tail.end === "closing")) await clock.sleep(POLL_MS);
}

async function readTheRest(parts: LastReadingParts): Promise<void> {
  const { index, poller, drain } = parts;
  for (const tail of [...index.attached]) poller.poll(tail);
  await drain.reached(index.attached);
  if (isQuiet(parts)) close(parts);
}

/** Takes the last lines of quiet files as they are, unless the files grow first (poller.ts). */
function close(parts: LastReadingParts): void {
  const { poller } = parts;
  for (const tail of unread(parts)) {
    // Reading up to here may have taken a while.
    poller.poll(tail);
    if (!hasRested(tail, parts)) continue;
    tail.end = "closing";
    poller.poll(tail);
  }
}

function isQuiet(parts: LastReadingParts): boolean {
  return [...parts.index.attached].every((tail) => hasRested(tail, parts));
}

function hasRested(tail: Tail, { shared }: LastReadingParts): boolean {
  return shared.clock.now() - tail.grownAt >= QUIET_MS;
}

/** Compressed files are left out: their content marks its own end. */
function unread({ index }: LastReadingParts): readonly Tail[] {
  return [...index.attached].filter((tail) => tail.lag > 0 && tail.failing === "no" && tail.packed === undefined);
}
