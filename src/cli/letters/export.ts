// `spillway dead-letters export`: prints one JSON document per line, with the record, oldest first. It reads page by page,
// because the dead letters may be gigabytes and must not be in memory at once.
import { type Selection, readWholeLetters } from "../../buffer/inspect/dead-letters.ts";
import type { Database } from "../../buffer/spool/sqlite.ts";
import type { ExitCode } from "../../core/errors.ts";
import { EXIT } from "../../core/errors.ts";
import type { Call } from "../program/command.ts";
import type { State } from "../state/state-directory.ts";
import { letterFacts } from "./report.ts";
import { missingOf, sayMissing, selectionOf } from "./selection.ts";

const PAGE = 100;

export function exportLetters(call: Call, { db, directory }: State): ExitCode {
  const wanted = selectionOf(call);
  if (db) print(call, db, wanted);
  sayMissing(missingOf(db, wanted), directory);
  return EXIT.ok;
}

function print({ terminal }: Call, db: Database, wanted: Selection): void {
  for (let after = 0; ;) {
    const letters = readWholeLetters(db, wanted, after, PAGE);
    for (const letter of letters) terminal.out(JSON.stringify(letterFacts(letter)));
    if (letters.length < PAGE) return;
    after = letters.at(-1)?.id ?? after;
  }
}
