// Reads and writes the state directory for an import, through the same spool as the agent. The spool takes care of the lock,
// the machine id and the schema. All sources are written in one transaction.
import { handOver } from "../../buffer/directory/private.ts";
import { openForReading } from "../../buffer/spool/database.ts";
import type { FirstStart, Recovered, SourceRow, StoredSource, Transaction } from "../../buffer/spool/spool.ts";
import { SqliteSpool } from "../../buffer/spool/sqlite-spool.ts";
import { readSources, readStarts } from "../../buffer/spool/rows/tables.ts";
import { systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import type { KnownSource } from "../../core/source.ts";

export interface KnownState {
  readonly sources: readonly StoredSource[];
  readonly starts: readonly FirstStart[];
}

/** Reads the existing state, without a lock and without changes. */
export function knownState(directory: string): KnownState {
  const db = openForReading(directory);
  try {
    return db === undefined ? { sources: [], starts: [] } : { sources: readSources(db), starts: readStarts(db) };
  } finally {
    db?.close();
  }
}

/**
 * Locks the directory, creating it if it is missing, and writes the sources that `choose` returns for the existing state.
 * Throws `state-locked` while an agent uses the directory.
 */
export async function addSources<T extends { readonly sources: readonly KnownSource[] }>(
  directory: string,
  choose: (known: KnownState) => Promise<T>,
): Promise<T> {
  const options = { directory, deadLetters: 0, disk: 0 };
  const parts = { options, memory: new SharedArrayBuffer(0), clock: systemClock, log: silentLog };
  const { spool, recovered } = await SqliteSpool.open(parts);
  try {
    const sources: StoredSource[] = [];
    for await (const page of spool.sources()) sources.push(...page);
    const chosen = await choose({ sources, starts: recovered.starts });
    if (chosen.sources.length > 0) await spool.commit(transaction(chosen.sources, sources, recovered));
    return chosen;
  } finally {
    await spool.close();
    handOver(directory);
  }
}

function transaction(chosen: readonly KnownSource[], known: readonly SourceRow[], recovered: Recovered): Transaction {
  const numbers = new Map(known.map(({ id, num }) => [id, num]));
  let next = recovered.nextSource;
  const nothing = { forgotten: [], envelopes: [], queues: [], groups: [], ledger: [], losses: [], deadLetters: [] };
  const none = new Float64Array(0);
  const meta = recovered.meta ?? { nextSeq: 1, age: { agedMs: 0, wallMs: 0, boot: "", upMs: 0 }, limits: {} };
  const sources = chosen.map((source) => ({ ...source, num: numbers.get(source.id) ?? next++ }));
  return { full: true, sources, ...nothing, moves: none, rows: none, removed: none, starts: [], meta };
}
