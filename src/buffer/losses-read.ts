// The byte ranges that were not kept, as `losses list` reads them: beside a running agent, a page at a time.
import type { FateName } from "../core/fate.ts";
import type { Database } from "./database.ts";

export interface LossFacts {
  readonly id: number;
  readonly atMs: number;
  readonly input: string;
  readonly source: string;
  readonly path: string;
  /** Bytes of the source, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly fate: FateName;
  readonly records: number;
  readonly bytes: number;
  /** Some of it may have been stored: the answer to an attempt was lost. */
  readonly uncertain: boolean;
  /** Of a sampled range one in `keep` was kept, by this version of the hash; else 0. */
  readonly keep: number;
  readonly hashVersion: number;
}

type Columns = Omit<LossFacts, "uncertain"> & { readonly uncertain: number };

const PAGE = 500;

/** The oldest first. @param input undefined: of all */
export function* readLosses(db: Database, input: string | undefined): Generator<LossFacts> {
  const page = db.prepare(`SELECT id, at_ms AS atMs, input, source, path, start, "end", fate, records, bytes, uncertain,
    keep, hash_version AS hashVersion FROM losses WHERE id > ? AND (? IS NULL OR input = ?) ORDER BY id LIMIT ${PAGE}`);
  let after = 0;
  for (;;) {
    const losses = page.all(after, input ?? null, input ?? null) as Columns[];
    for (const loss of losses) yield { ...loss, uncertain: loss.uncertain !== 0 };
    if (losses.length < PAGE) return;
    after = (losses.at(-1) as Columns).id;
  }
}
