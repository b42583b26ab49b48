// Balances the ledger of a salvaged database: per input, read = fates + buffered + lost, to the byte. Records that the old ledger
// counts as read, and that have no fate and no salvaged row, were in rows that cannot be read any more.
import { DROPPED_CORRUPT, FATES } from "../../core/fate.ts";
import type { Count } from "../../core/fate.ts";
import type { LedgerRow } from "./carve.ts";

export interface Balance {
  /** Bytes between origin and checkpoint, summed over the input's sources. */
  covered: number;
  readonly kept: Count;
  /** Records that cannot be kept. */
  readonly lost: Count;
}

const CORRUPT = FATES[DROPPED_CORRUPT] as string;

/** What the old ledger says of one input. */
interface Account {
  readonly fates: ReadonlyMap<string, Count>;
  readonly read: Count;
  /** The sum of the fates. */
  readonly known: Count;
}

function accountOf(input: string, ledger: readonly LedgerRow[]): Account {
  const known = { records: 0, bytes: 0 };
  const fates = new Map<string, Count>();
  for (const [of, fate, records, bytes] of ledger) {
    if (of !== input) continue;
    fates.set(fate, { records, bytes });
    if (fate === "read" || fate === "retired") continue;
    known.records += records;
    known.bytes += bytes;
  }
  return { fates, read: fates.get("read") ?? { records: 0, bytes: 0 }, known };
}

/** What left no trace but in the ledger: it was read, but it is in no row that was found, and has no fate. */
export function missing(input: string, ledger: readonly LedgerRow[], { kept, lost }: Balance): Count {
  const { read, known } = accountOf(input, ledger);
  return {
    records: Math.max(0, read.records - known.records - kept.records - lost.records),
    bytes: Math.max(0, read.bytes - known.bytes - kept.bytes - lost.bytes),
  };
}

/** The ledger of an input of which nothing is missing any more. */
export function balanced(input: string, ledger: readonly LedgerRow[], { covered, kept, lost }: Balance): LedgerRow[] {
  const { fates, known } = accountOf(input, ledger);
  const sums = new Map(fates);
  const corrupt = fates.get(CORRUPT) ?? { records: 0, bytes: 0 };
  sums.set(CORRUPT, { records: corrupt.records + lost.records, bytes: corrupt.bytes + lost.bytes });
  const whole = {
    records: known.records + kept.records + lost.records,
    bytes: known.bytes + kept.bytes + lost.bytes,
  };
  sums.set("read", whole);
  sums.set("retired", { records: 0, bytes: whole.bytes - covered });
  return [...sums]
    .filter(([, { records, bytes }]) => records !== 0 || bytes !== 0)
    .map(([fate, { records, bytes }]) => [input, fate, records, bytes]);
}
