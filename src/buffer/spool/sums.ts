// Checks at a start what needs no row: whether the sums, the ledger and the sources of each input say the same. A table of which
// a page was lost, or a row, is otherwise not noticed: rows that no sum counts are never sent.
import { type Account, emptyAccount } from "../ledger/ledger.ts";
import type { LedgerDelta } from "../ledger/ledger.ts";
import { garbled } from "./faults.ts";
import type { Recovered, Total } from "./spool.ts";
import type { Database } from "./sqlite.ts";

/** What the sources of an input say. */
interface Covered {
  readonly input: string;
  /** Rows that they have. */
  readonly chunks: number;
  /** Bytes between their origins and checkpoints. */
  readonly bytes: number;
}

const NO_SUMS: Omit<Total, "queue" | "input"> = { chunks: 0, records: 0, bytes: 0, stored: 0 };

/** Throws SQLITE_CORRUPT, as for a bad page: a salvage makes all sums again. */
export function checkSums(
  db: Database,
  { queues, totals, ledger }: Pick<Recovered, "queues" | "totals" | "ledger">,
): void {
  const known = new Set(queues.map(({ id }) => id));
  for (const { queue } of totals) if (!known.has(queue)) throw garbled(`queue ${queue} is not there, and has rows`);
  const sources = new Map(
    (
      db
        .prepare(
          "SELECT input, total(chunks) AS chunks, total(checkpoint - origin) AS bytes FROM sources GROUP BY input",
        )
        .all() as Covered[]
    ).map((one) => [one.input, one]),
  );
  const books = new Map(ledger.map((one) => [one.input, one]));
  const sums = new Map<string, typeof NO_SUMS>();
  for (const total of totals) sums.set(total.input, plus(sums.get(total.input) ?? NO_SUMS, total));
  for (const input of new Set([...sources.keys(), ...books.keys(), ...sums.keys()])) {
    const sum = sums.get(input) ?? NO_SUMS;
    const { account, retired } =
      books.get(input) ?? ({ account: emptyAccount(), retired: 0 } satisfies Omit<LedgerDelta, "input">);
    const covered = sources.get(input) ?? { chunks: 0, bytes: 0 };
    if (covered.chunks !== sum.chunks)
      throw garbled(`the sources of input ${input} have ${covered.chunks} rows, its sums say ${sum.chunks}`);
    if (covered.bytes + retired !== account.read.bytes || !balances(account, sum))
      throw garbled(`the ledger of input ${input} does not balance`);
  }
}

function plus(a: typeof NO_SUMS, b: typeof NO_SUMS): typeof NO_SUMS {
  const { chunks, records, bytes, stored } = b;
  return { chunks: a.chunks + chunks, records: a.records + records, bytes: a.bytes + bytes, stored: a.stored + stored };
}

function balances({ read, fates }: Account, sum: typeof NO_SUMS): boolean {
  return (["records", "bytes"] as const).every(
    (unit) => read[unit] === fates.reduce((known, fate) => known + fate[unit], sum[unit]),
  );
}
