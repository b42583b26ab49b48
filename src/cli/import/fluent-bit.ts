// Reads Fluent Bit's state: the table in_tail_files of the SQLite file that a tail input's `DB` names. Columns are read by
// name, because newer versions add some (offset_marker). The required columns have existed since 0.12.
import type { Entry, Fault, Left, Reading } from "./entry.ts";
import { NEVER, leave } from "./entry.ts";
import { holderOf } from "./holder.ts";
import { XXH3_BYTES } from "./xxh3.ts";
import { busy, foreign, kindOf, missing } from "./state-file.ts";

export type Row = Readonly<Record<string, unknown>>;

const NEEDED = ["id", "name", "offset", "inode"] as const;

export async function readFluentBit(from: string): Promise<Reading> {
  if (kindOf(from) === "nothing") throw missing(from, "no database of Fluent Bit");
  if (kindOf(from) === "directory")
    throw foreign(from, "is a directory; `--from` needs the file that `DB` of the tail input names");
  const { readTable } = await import("../../buffer/spool/other-database.ts");
  const found = readTable(from, "in_tail_files");
  if (found.kind === "busy") throw busy(from, holderOf(from));
  if (found.kind === "unusable") throw foreign(from, `cannot be read as a database: ${found.why}`);
  if (found.kind === "no table")
    throw foreign(from, "has no table in_tail_files: it is no database of Fluent Bit's tail input");
  const lacks = NEEDED.filter((column) => !found.columns.includes(column));
  if (lacks.length > 0)
    throw foreign(from, `has a table in_tail_files without ${lacks.join(", ")}, of no known Fluent Bit`);
  return { files: [from], locks: [from], ...entriesOf(from, found.rows) };
}

/** If several rows have the same inode, the youngest is used, as Fluent Bit does. */
export function entriesOf(file: string, rows: readonly Row[]): Omit<Reading, "files" | "locks"> {
  const entries = new Map<unknown, Entry>();
  const left: Left[] = [];
  const faults: Fault[] = [];
  for (const row of rows.toSorted((a, b) => Number((whole(b["id"]) ?? 0n) - (whole(a["id"]) ?? 0n)))) {
    const entry = entryOf(row);
    const { id, inode } = row;
    if (entry === undefined)
      faults.push({ file, line: undefined, message: `has a row, id ${String(id)}, without a name, inode or offset` });
    else if (!entry.path?.startsWith("/"))
      left.push(leave(entry, "unsupported", "its path is relative to where Fluent Bit was started"));
    else if (entries.has(inode))
      left.push(leave(entry, "second-entry", "a younger row has its inode: Fluent Bit goes by that one"));
    else entries.set(inode, entry);
  }
  return { entries: [...entries.values()].reverse(), left, faults };
}

function entryOf(row: Row): Entry | undefined {
  const { name, created } = row;
  const [offset, inode] = [whole(row["offset"]), whole(row["inode"])];
  if (typeof name !== "string" || name === "" || offset === undefined || inode === undefined) return undefined;
  if (inode === 0n || offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const seconds = whole(created);
  const seenMs = seconds === undefined || seconds === 0n ? NEVER : (Number(seconds) + 1) * 1000;
  const recognised = { by: "inode", inode: inode.toString(), device: undefined, seenMs } as const;
  const facts = { name: `row ${String(row["id"])}`, input: undefined, path: name, recognised, offset: Number(offset) };
  return { ...facts, before: markerOf(row) };
}

/** The checksum that newer versions store of up to 32 bytes before the offset. SQLite stores it as a signed integer. */
function markerOf(row: Row): bigint | undefined {
  const { offset_marker: marker, offset_marker_size: size } = row;
  return typeof marker === "bigint" && size === BigInt(XXH3_BYTES) ? BigInt.asUintN(64, marker) : undefined;
}

/** SQLite columns may hold values of any type. Integers arrive as bigints. */
function whole(value: unknown): bigint | undefined {
  return typeof value === "bigint" && value >= 0n ? value : undefined;
}
