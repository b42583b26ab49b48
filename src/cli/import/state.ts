// The state directory, as an import reads and writes it: by the same door as the agent, so that the lock, the machine's id
// and the schema are looked after, and all sources come in one transaction.
import { chownSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openForReading } from "../../buffer/database.ts";
import { SqliteSpool } from "../../buffer/sqlite-spool.ts";
import type { Recovered } from "../../buffer/spool.ts";
import { readSources, readStarts } from "../../buffer/tables.ts";
import type { KnownSource } from "../../core/source.ts";

export type KnownState = Pick<Recovered, "sources" | "starts">;

/** What is there, without a lock and without changing anything. */
export function knownState(directory: string): KnownState {
  const db = openForReading(directory);
  try {
    return db === undefined ? { sources: [], starts: [] } : { sources: readSources(db), starts: readStarts(db) };
  } finally {
    db?.close();
  }
}

/**
 * Locks the directory, which is made when it is missing, and writes what `choose` makes of what is there.
 * Throws `state-locked` while an agent runs on it.
 */
export async function addSources<T extends { readonly sources: readonly KnownSource[] }>(
  directory: string,
  choose: (known: KnownState) => Promise<T>,
): Promise<T> {
  const options = { directory, letters: 0, maxPages: 0 };
  const { spool, recovered } = await SqliteSpool.open(options, new SharedArrayBuffer(0));
  try {
    const chosen = await choose(recovered);
    const nothing = {
      forgotten: [],
      envelopes: [],
      rows: [],
      removed: [],
      ledger: [],
      losses: [],
      letters: [],
      starts: [],
    };
    if (chosen.sources.length > 0) await spool.commit({ full: true, sources: chosen.sources, ...nothing });
    return chosen;
  } finally {
    await spool.close();
    handOver(directory);
  }
}

/** Whoever runs the agent must be able to write what root has made for it. */
function handOver(directory: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  for (const name of readdirSync(directory)) chownSync(join(directory, name), uid, gid);
}
