// `spillway dead-letters replay`: sends dead letters again as their original documents: same id, index, time and fields.
// Invariants: a letter is deleted only once the server has its document, stored now or earlier, and is counted in the same
// step; no earlier count changes.
import { type StoredDeadLetter, readWholeLetters } from "../../buffer/inspect/dead-letters.ts";
import { openForChanges } from "../../buffer/spool/database.ts";
import { removeLetters } from "../../buffer/spool/dead-letters.ts";
import { type Database, inTransaction } from "../../buffer/spool/sqlite.ts";
import { REPLAY, SentAgainBooks } from "../../buffer/ledger/sent-again.ts";
import type { ExitCode } from "../../core/errors.ts";
import { EXIT } from "../../core/errors.ts";
import type { Refusal } from "../../core/output.ts";
import type { Call } from "../program/command.ts";
import { configOf } from "../program/command.ts";
import { stateDirectory } from "../state/state-directory.ts";
import { version } from "../version.ts";
import { LetterEncoder } from "./encoding.ts";
import { type Ended, Resender } from "./resend.ts";
import { missingOf, sayMissing, selectionOf } from "./selection.ts";

const PAGE = 500;
interface Sums {
  stored: number;
  /** The server had these documents already. */
  exists: number;
  refused: number;
  /** Letters without a body, or stored by a version that did not store what a replay needs. */
  incomplete: number;
  first: Refusal | undefined;
}

export async function replay(call: Call): Promise<ExitCode> {
  const { terminal, options } = call;
  const wanted = selectionOf(call);
  const { config } = await configOf(call);
  const { directory } = await stateDirectory(call);
  const db = openForChanges(directory);
  const sums: Sums = { stored: 0, exists: 0, refused: 0, incomplete: 0, first: undefined };
  const missing = missingOf(db, wanted);
  if (db) {
    const resender = new Resender(config, options["deadline"] as number);
    const replayer = new Replayer(resender, db, sums);
    try {
      for (let after = 0; ;) {
        const letters = readWholeLetters(db, wanted, after, PAGE);
        await replayer.page(letters);
        if (letters.length < PAGE) break;
        after = letters.at(-1)?.id ?? after;
      }
    } finally {
      await resender.close();
      db.close();
    }
  }
  if (terminal.json) terminal.out(JSON.stringify(documentOf(directory, sums), null, 2));
  else for (const line of linesOf(sums)) terminal.out(line);
  sayMissing(missing, directory);
  return sums.refused + sums.incomplete > 0 ? EXIT.temporary : EXIT.ok;
}

function documentOf(path: string, { first, ...counts }: Sums): object {
  const { status, type, reason } = first ?? {};
  return { version, path, ...counts, first_refusal: first === undefined ? null : { status, type, reason } };
}

function linesOf({ stored, exists, refused, incomplete, first }: Sums): string[] {
  const had = exists > 0 ? `, ${exists} were there already` : "";
  const lines = [`${stored} dead letter${stored === 1 ? "" : "s"} stored${had}; earlier counts stay as they are`];
  if (refused > 0)
    lines.push(`${refused} refused again, and kept: ${first?.status} ${first?.type}: ${first?.said ?? ""}`);
  if (incomplete > 0) lines.push(`${incomplete} kept as they are: they have no body, or an earlier version kept them`);
  return lines;
}

class Replayer {
  private readonly resender: Resender;
  private readonly encoder: LetterEncoder;
  private readonly db: Database;
  private readonly sums: Sums;
  private readonly books: SentAgainBooks;

  constructor(resender: Resender, db: Database, sums: Sums) {
    this.resender = resender;
    this.encoder = new LetterEncoder(resender);
    this.db = db;
    this.sums = sums;
    this.books = new SentAgainBooks(db, REPLAY);
  }

  async page(letters: readonly StoredDeadLetter[]): Promise<void> {
    const whole = letters.filter(({ body, document }) => body !== null && document !== null);
    this.sums.incomplete += letters.length - whole.length;
    const waiting = "dead letters of this index wait, what was stored is gone from the list";
    for (const [index, own] of Map.groupBy(whole, (letter) => letter.index)) {
      await this.resender.send(index, own, {
        encode: (open) => this.encoder.encode(open),
        ended: (outcomes) => this.end(outcomes),
        stuck: { code: "replay-stuck", waiting },
      });
    }
  }

  private end(outcomes: ReadonlyMap<StoredDeadLetter, Ended>): void {
    const gone: number[] = [];
    const sent = { stored: { records: 0, bytes: 0 }, exists: { records: 0, bytes: 0 } };
    for (const [{ id, bytes }, ended] of outcomes) {
      if (typeof ended !== "string") {
        this.refuse(ended);
        continue;
      }
      gone.push(id);
      sent[ended].records++;
      sent[ended].bytes += bytes;
      this.sums[ended]++;
    }
    inTransaction(this.db, () => {
      removeLetters(this.db, gone);
      this.books.count(sent);
    });
  }

  private refuse(refusal: Refusal): void {
    this.sums.refused++;
    this.sums.first ??= refusal;
  }
}
