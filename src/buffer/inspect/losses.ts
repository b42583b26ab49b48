// Reads the byte ranges that were lost, for `losses list`, page by page, while an agent may be running.
import type { FateName } from "../../core/fate.ts";
import type { Database } from "../spool/sqlite.ts";

export interface LossFacts {
  readonly id: number;
  readonly atMs: number;
  readonly input: string;
  readonly source: string;
  readonly path: string;
  /** Offsets in the source, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly fate: FateName;
  readonly records: number;
  readonly bytes: number;
  /** Some of the records may have been stored: the response to an attempt was lost. */
  readonly uncertain: boolean;
  /** For a sampled range: one record in `keep` was kept, chosen by this version of the hash. Otherwise 0. */
  readonly keep: number;
  readonly hashVersion: number;
  /** Several ranges were merged into this one, to bound their number. Records between them were not lost. */
  readonly merged: boolean;
  /** Everything before this offset was read again and delivered later. `end`: all of the range; 0: nothing. */
  readonly backfilledTo: number;
}

type Columns = Omit<LossFacts, "uncertain" | "merged"> & { readonly uncertain: number; readonly merged: number };

const PAGE = 500;

/** Oldest first. @param input undefined: of all inputs */
export function* readLosses(db: Database, input: string | undefined): Generator<LossFacts> {
  const page = db.prepare(`SELECT id, at_ms AS atMs, input, source, path, start, "end", fate, records, bytes, uncertain,
    keep, hash_version AS hashVersion, merged, backfilled_to AS backfilledTo FROM losses WHERE id > ? AND (? IS NULL OR input = ?) ORDER BY id LIMIT ${PAGE}`);
  let after = 0;
  for (;;) {
    const losses = page.all(after, input ?? null, input ?? null) as Columns[];
    for (const loss of losses) yield { ...loss, uncertain: loss.uncertain !== 0, merged: loss.merged !== 0 };
    if (losses.length < PAGE) return;
    after = (losses.at(-1) as Columns).id;
  }
}
