// Checks SQLite's query plan of every statement that a running agent uses: each must find its rows by a key, however large the
// tables are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadLetterTable } from "../../../../src/buffer/spool/dead-letters.ts";
import { LossTable } from "../../../../src/buffer/spool/losses.ts";
import type { Database } from "../../../../src/buffer/spool/sqlite.ts";
import { marks, prepare } from "../../../../src/buffer/spool/rows/statements.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { DROPPED_OLDEST } from "../../../../src/core/fate.ts";
import { Disk } from "../../disk.ts";
import { NOTHING, adding, headsOf, loss, pairs } from "../rows.ts";

/** Every statement that is prepared while `run` runs. */
function preparedBy(db: Database, run: () => void): Set<string> {
  const found = new Set<string>();
  const prepare = db.prepare.bind(db);
  db.prepare = ((sql: string) => {
    found.add(sql);
    return prepare(sql);
  }) as typeof db.prepare;
  run();
  db.prepare = prepare;
  return found;
}

function planOf(db: Database, sql: string): string[] {
  const values = Array.from(sql.matchAll(/\?/g), () => 1);
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}

/** Scans that are allowed: of a constant row, and of `totals`, which has as many rows as there are queues and inputs. */
const SMALL = [/^SCAN CONSTANT ROW$/, /^SCAN \d+ CONSTANT ROWS?$/, /^SCAN totals$/];

function assertByKey(db: Database, statements: Iterable<string>): void {
  for (const sql of statements) {
    for (const step of planOf(db, sql)) {
      const fine = !/\bSCAN\b|TEMP B-TREE/.test(step) || SMALL.some((pattern) => pattern.test(step));
      assert.ok(fine, `${sql}\n${step}`);
    }
  }
}

test("every statement that is prepared once finds its rows by a key", () => {
  using disk = new Disk(new Arena(1 << 20));
  const all = preparedBy(disk.db, () => prepare(disk.db));
  assert.equal(all.size, Object.keys(prepare(disk.db)).length);
  assertByKey(disk.db, all);
});

test("so does every one that transactions, loading, shedding and looking for the oldest prepare by themselves", () => {
  using disk = new Disk(new Arena(4 << 20));
  const rows = [1, 2, 3, 4].map((seq) => ({ seq, data: "x\n" }));
  const letter = { atMs: 1, input: "in", source: "s", path: "/x", offset: 0, bytes: 1, index: "i", status: 400 };
  const statements = preparedBy(disk.db, () => {
    const more = {
      losses: [loss("s", 0, 1)],
      deadLetters: [{ ...letter, type: "t", reason: "r", body: undefined, document: "{}" }],
    };
    disk.store.commit(adding(disk.arena, rows, more), 1);
    disk.store.commit({ ...NOTHING, removed: pairs([1, 1]), forgotten: [9] }, 2);
    disk.store.lastWrite();
    disk.store.backlog.heads(1, 0, 100);
    disk.store.backlog.load(1, headsOf(disk.arena, [{ seq: 2, data: "??" }]));
    disk.store.backlog.blocksOf(headsOf(disk.arena, [{ seq: 2, data: "??" }]));
    disk.store.backlog.oldest();
    const where = { queue: 1, after: 0, except: [], fate: DROPPED_OLDEST, certainFrom: 0, atMs: 1 };
    disk.store.shed({ ...where, choice: { order: "random", bytes: 1, picks: [0.5] } }, 3);
    disk.store.shed({ ...where, choice: { order: "expired", agedMs: 0 } }, 4);
    disk.store.lastShed();
  });
  assertByKey(
    disk.db,
    [...statements].filter((sql) => !sql.startsWith("PRAGMA")),
  );
});

test("so do losses and dead letters, but for counting them once and for the oldest ranges that become fewer", () => {
  using disk = new Disk(new Arena(1 << 20));
  const all = preparedBy(disk.db, () => [new LossTable(disk.db), new DeadLetterTable(disk.db, 1000)]);
  const counts = [...all].filter((sql) => /^SELECT (?:count|kind, sum)/.test(sql));
  assert.equal(counts.length, 2);
  const oldest = "SELECT * FROM losses ORDER BY id LIMIT ?";
  assert.deepEqual(planOf(disk.db, oldest), ["SCAN losses"], "from the front, without sorting");
  const pragmas = [...all].filter((sql) => sql.startsWith("PRAGMA"));
  assertByKey(disk.db, all.difference(new Set([...counts, ...pragmas, oldest])));
});

test("as many marks as there are columns", () => {
  assert.equal(marks(3), "?, ?, ?");
});
