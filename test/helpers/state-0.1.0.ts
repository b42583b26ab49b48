// State directories of version 0.1.0: the fixture, or one with as many rows as a test needs.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/buffer/spool/sqlite.ts";
import { ROOT } from "./tree.ts";

export const FIXTURE = join(ROOT, "test/fixtures/state-0.1.0/state.db");

/** Pending records in the fixture, by input. */
export const WAITING: Readonly<Record<string, number>> = { api: 6, debug: 58, jobs: 4, web: 18 };

export function copyState(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  copyFileSync(FIXTURE, join(directory, "state.db"));
}

/** Copies the fixture and replaces its backlog by `rows` rows of one line each, from 1,000 files. @param bytes of each line */
export function makeState(directory: string, rows: number, bytes: number): void {
  copyState(directory);
  const db = openSqlite(join(directory, "state.db"));
  db.exec(
    "BEGIN; DELETE FROM chunks; DELETE FROM sources; DELETE FROM ledger; DELETE FROM losses; DELETE FROM dead_letters",
  );
  const source = db.prepare("INSERT INTO sources VALUES (?, 'web', ?, '1', '2', '3', 0, 0, 0, 0, 0, ?)");
  const each = Math.ceil(rows / 1000);
  const id = (n: number): string => n.toString(16).padStart(24, "0");
  for (let n = 0; n < 1000; n++)
    source.run(id(n), `/var/log/${n}.log`, Math.max(0, Math.min(each, rows - n * each)) * bytes);
  const row = db.prepare("INSERT INTO chunks VALUES (?, ?, 1, ?, ?, 1, ?, ?, 0, 0, ?, 0, 0, ?, ?, NULL)");
  const line = Buffer.alloc(bytes, "x");
  const sum = 0;
  for (let i = 0; i < rows; i++) {
    const start = (i % each) * bytes;
    row.run(i + 1, id(Math.floor(i / each)), start, start + bytes, bytes, 1_790_000_000_000 + i, bytes, sum, line);
  }
  db.prepare("INSERT INTO ledger VALUES ('web', 'read', ?, ?)").run(rows, rows * bytes);
  db.exec("COMMIT");
  db.close();
}
