// Reads the sources that lost records: the ranges that can be read again, and the identity by which each file is recognised.
import { readLosses, type LossFacts } from "../inspect/losses.ts";
import type { FateName } from "../../core/fate.ts";
import type { KnownSource } from "../../core/source.ts";
import type { Database } from "../spool/sqlite.ts";

export interface LostSource {
  readonly id: string;
  readonly input: string;
  /** Paths of its file: where it was last seen, and where it was at each loss. */
  readonly paths: readonly string[];
  /** Undefined: the database no longer has the identity of its file. */
  readonly known: KnownSource | undefined;
  /** In order of `start`. Each has bytes that are not backfilled. */
  readonly ranges: readonly LossFacts[];
}

interface Columns {
  readonly id: string;
  readonly path: string;
  readonly inode: string;
  readonly birth_ns: string;
  readonly head_length: number;
  readonly head_hash: number;
  readonly mark_length: number;
  readonly mark_hash: number;
  readonly checkpoint: number;
}

const COLUMNS = "id, path, inode, birth_ns, head_length, head_hash, mark_length, mark_hash, checkpoint";
/** Fates that can be backfilled. Truncated or filtered bytes are not among them: a second read would cut them off again. */
const SHED: ReadonlySet<FateName> = new Set([
  ...(["sampled", "oldest", "newest", "random", "rate", "age", "corrupt", "dead_letter_budget"] as const),
]);

/** Sources in order of their oldest loss. @param input undefined: of all inputs */
export function readLostSources(db: Database, input: string | undefined): LostSource[] {
  const bySource = new Map<string, LossFacts[]>();
  for (const loss of readLosses(db, input)) {
    if (!SHED.has(loss.fate) || loss.backfilledTo >= loss.end) continue;
    const own = bySource.get(loss.source);
    if (own === undefined) bySource.set(loss.source, [loss]);
    else own.push(loss);
  }
  const known = new Map<string, Columns>();
  const lost = "SELECT source FROM losses";
  for (const table of ["lost_sources", "sources"]) {
    const rows = db.prepare(`SELECT ${COLUMNS} FROM ${table} WHERE id IN (${lost})`).all() as Columns[];
    for (const row of rows) known.set(row.id, row);
  }
  return [...bySource].map(([id, losses]) => {
    const row = known.get(id);
    const paths = new Set([...(row === undefined ? [] : [row.path]), ...losses.map(({ path }) => path)]);
    const ranges = losses.toSorted((a, b) => a.start - b.start);
    const own = (losses[0] as LossFacts).input;
    return { id, input: own, paths: [...paths], known: row && sourceOf(row, own), ranges };
  });
}

function sourceOf(row: Columns, input: string): KnownSource {
  const { id, path, inode, birth_ns: birthNs, head_length: headLength, head_hash: headHash, checkpoint } = row;
  const identity = { path, device: "0", inode, birthNs, headLength, headHash };
  return { id, input, identity, origin: 0, checkpoint, mark: { length: row.mark_length, hash: row.mark_hash } };
}
