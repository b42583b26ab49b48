// Opens the state directory for an agent, and finds out whether it could be handed over to another one.
import { LATE_MS } from "../buffer/budget/modes.ts";
import { type SourceState, storedSource } from "../buffer/sources/source-state.ts";
import type { Recovered } from "../buffer/spool/spool.ts";
import { type SpoolParts, SqliteSpool } from "../buffer/spool/sqlite-spool.ts";
import type { Clock } from "../core/clock.ts";
import { boundGarbage } from "../core/collector.ts";
import { hasCode } from "../core/errors.ts";

export interface OpenedSpool {
  readonly spool: SqliteSpool;
  readonly recovered: Recovered;
  readonly pages: readonly (readonly SourceState[])[];
}

export function openSpool(parts: SpoolParts): Promise<OpenedSpool> {
  return open(parts).catch((error: unknown) => {
    // The database is now marked as damaged; the second open salvages it.
    if (hasCode(error, "state-corrupt")) return open(parts);
    throw error;
  });
}

async function open(parts: SpoolParts): Promise<OpenedSpool> {
  const { spool, recovered } = await SqliteSpool.open(parts);
  try {
    // Not kept as they came from the thread: with 200,000 sources that was 85 MiB.
    const pages: (readonly SourceState[])[] = [];
    for await (const page of spool.sources()) {
      pages.push(page.map(storedSource));
      boundGarbage();
    }
    return { spool, recovered, pages };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** Whether the disk takes a write within LATE_MS. @param signal ends the wait early, as if it did not */
export async function takesWrites(spool: SqliteSpool, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const patience = clock.sleep(LATE_MS, AbortSignal.any([over.signal, signal])).then(() => false);
  const proof = spool.prove().then(
    () => true,
    () => false,
  );
  const takes = await Promise.race([proof, patience]);
  // Cancel the sleep: its timer would keep the process alive.
  over.abort();
  return takes;
}
