// The dead letters that are kept, as `dead-letters list` and `show` read them: beside a running agent, a page at a time.
import type { Database } from "./database.ts";
import type { DeadLetter } from "./spool.ts";

export interface LetterFacts extends Omit<DeadLetter, "body"> {
  readonly id: number;
}

export interface Letter extends LetterFacts {
  /** The record's bytes; null when too many letters waited for a commit to keep it. */
  readonly body: Buffer | null;
}

/** `input` undefined: of all. */
export interface Wanted {
  readonly input: string | undefined;
  /** 0: all. */
  readonly limit: number;
}

const PAGE = 500;
const FACTS = `id, at_ms AS atMs, input, source, path, offset, bytes, index_name AS "index", status, type, reason`;

/** The newest first. */
export function* readLetters(db: Database, { input, limit }: Wanted): Generator<LetterFacts> {
  const page = db.prepare(`SELECT ${FACTS} FROM dead_letters
    WHERE id < ? AND (? IS NULL OR input = ?) ORDER BY id DESC LIMIT ${PAGE}`);
  let left = limit === 0 ? Infinity : limit;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const letters = page.all(before, input ?? null, input ?? null) as LetterFacts[];
    yield* letters.slice(0, left);
    left -= letters.length;
    if (letters.length < PAGE || left <= 0) return;
    before = (letters.at(-1) as LetterFacts).id;
  }
}

export function countLetters(db: Database, input: string | undefined): number {
  const count = db.prepare("SELECT count(*) FROM dead_letters WHERE ? IS NULL OR input = ?").pluck();
  return count.get(input ?? null, input ?? null) as number;
}

export function readLetter(db: Database, id: number): Letter | undefined {
  return db.prepare(`SELECT ${FACTS}, body FROM dead_letters WHERE id = ?`).get(id) as Letter | undefined;
}
