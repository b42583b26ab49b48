// Reads the stored dead letters for the `dead-letters` command, page by page, while an agent may be running.
import type { DeadLetter, LetterDocument } from "../spool/spool.ts";
import type { Database } from "../spool/sqlite.ts";

export interface DeadLetterFacts extends Omit<DeadLetter, "body" | "document"> {
  readonly id: number;
}

export interface StoredDeadLetter extends DeadLetterFacts {
  /** The record's bytes. Null: too many letters were waiting for a commit, so the body was not kept. */
  readonly body: Buffer | null;
  /** Null: an earlier version of spillway stored the letter, without its document. */
  readonly document: LetterDocument | null;
}

/** Selects letters by id or by input. An empty `ids` and an undefined `input` select all. */
export interface Selection {
  readonly ids: readonly number[];
  readonly input: string | undefined;
}

/** `input` undefined: of all inputs. */
export interface Wanted {
  readonly input: string | undefined;
  /** 0: all. */
  readonly limit: number;
}

const PAGE = 500;
const FACTS = `id, at_ms AS atMs, input, source, path, offset, bytes, index_name AS "index", status, type, reason`;

const WHOLE = `${FACTS}, body, document`;
type Columns = Omit<StoredDeadLetter, "document"> & { readonly document: string | null };

/** Newest first. */
export function* readDeadLetters(db: Database, { input, limit }: Wanted): Generator<DeadLetterFacts> {
  const page = db.prepare(`SELECT ${FACTS} FROM dead_letters
    WHERE id < ? AND (? IS NULL OR input = ?) ORDER BY id DESC LIMIT ${PAGE}`);
  let left = limit === 0 ? Infinity : limit;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const letters = page.all(before, input ?? null, input ?? null) as DeadLetterFacts[];
    yield* letters.slice(0, left);
    left -= letters.length;
    if (letters.length < PAGE || left <= 0) return;
    before = (letters.at(-1) as DeadLetterFacts).id;
  }
}

export function countDeadLetters(db: Database, input: string | undefined): number {
  const count = db.prepare("SELECT count(*) FROM dead_letters WHERE ? IS NULL OR input = ?").pluck();
  return count.get(input ?? null, input ?? null) as number;
}

export function readDeadLetter(db: Database, id: number): StoredDeadLetter | undefined {
  return whole(db.prepare(`SELECT ${WHOLE} FROM dead_letters WHERE id = ?`).get(id) as Columns | undefined);
}

function whole(columns: Columns | undefined): StoredDeadLetter | undefined {
  if (!columns) return undefined;
  const { document } = columns;
  return { ...columns, document: document === null ? null : (JSON.parse(document) as LetterDocument) };
}

/** The selected letters with an id above `after`, oldest first. @param limit most letters to return */
export function readWholeLetters(db: Database, wanted: Selection, after: number, limit: number): StoredDeadLetter[] {
  const page = db.prepare(`SELECT ${WHOLE} FROM dead_letters
    WHERE id > ? AND (? IS NULL OR input = ?) AND (? = '[]' OR id IN (SELECT value FROM json_each(?))) ORDER BY id LIMIT ?`);
  const [input, ids] = [wanted.input ?? null, JSON.stringify(wanted.ids)];
  return (page.all(after, input, input, ids, ids, limit) as Columns[]).map(
    (columns) => whole(columns) as StoredDeadLetter,
  );
}
