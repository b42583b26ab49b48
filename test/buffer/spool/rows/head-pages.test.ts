import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HEAD, headAt, headCount } from "../../../../src/buffer/spool/rows/heads.ts";
import { HeadPages } from "../../../../src/buffer/spool/rows/head-pages.ts";
import { prepare } from "../../../../src/buffer/spool/rows/statements.ts";
import { type Database, openSqlite } from "../../../../src/buffer/spool/sqlite.ts";
import { writeBacklog } from "../../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../../helpers/damage.ts";

const ROWS = 5000;

function made(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-head-pages-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  writeBacklog(directory, { inputs, rows: ROWS, bytes: 500 });
  return directory;
}

function open(t: TestContext, directory: string): Database {
  const db = openSqlite(join(directory, "state.db"));
  t.after(() => db.close());
  return db;
}

/** Reads the queue to its end, as a worker does without room for a salvage. @returns sequence numbers, and the last error */
function readAll(pages: HeadPages): { readonly seqs: readonly number[]; readonly error: unknown } {
  const seqs: number[] = [];
  for (;;) {
    const after = seqs.at(-1) ?? 0;
    let page;
    try {
      page = pages.next(1, after, 200);
    } catch (damage) {
      try {
        page = pages.readable(1, after, 200, damage);
      } catch (error) {
        return { seqs, error };
      }
    }
    if (page.heads.length === 0) return { seqs, error: undefined };
    for (let i = 0; i < headCount(page.heads); i++) seqs.push(headAt(page.heads, i)[HEAD.seq] as number);
  }
}

test("a sound queue is read to its end", (t) => {
  const { seqs, error } = readAll(new HeadPages(prepare(open(t, made(t)))));
  assert.deepEqual([seqs.length, error], [ROWS, undefined]);
});

test("pages that cannot be read, and rows with wrong numbers, are left out, and the end says so each time", (t) => {
  const directory = made(t);
  const whole = open(t, directory);
  whole.exec("UPDATE heads SET records = -1 WHERE seq IN (5, 4999, 5000)");
  whole.pragma("wal_checkpoint(TRUNCATE)");
  whole.close();
  const leaves = pagesOf(directory, "heads", "leaf");
  assert.ok(leaves.length > 8);
  for (const i of [0, 3, 4, leaves.length - 2]) wreck(directory, leaves[i] as number);
  const pages = new HeadPages(prepare(open(t, directory)));
  const { seqs, error } = readAll(pages);
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].toSorted((a, b) => a - b),
  );
  const share = seqs.length / ROWS;
  assert.ok(share > 1 - 5 / leaves.length && share < 1, `${seqs.length} of ${ROWS} in ${leaves.length} pages`);
  assert.equal((error as NodeJS.ErrnoException).code?.startsWith("SQLITE_CORRUPT"), true);
  const again = (): unknown => pages.next(1, ROWS, 200);
  assert.throws(again, (damage: NodeJS.ErrnoException) => damage.code?.startsWith("SQLITE_CORRUPT") === true);
});

test("a row that points to the block of other rows is damage; it alone waits for a salvage", (t) => {
  const directory = made(t);
  const db = open(t, directory);
  db.exec("UPDATE heads SET block = block + 1 WHERE seq = 2");
  const pages = new HeadPages(prepare(db));
  const damage = { code: "SQLITE_CORRUPT", message: "row 2 is not among the rows of block 2, to which it refers" };
  assert.throws(() => pages.heads(1, 0, 10), damage);
  const { seqs } = readAll(pages);
  assert.deepEqual([seqs.length, seqs.includes(2)], [ROWS - 1, false]);
});
