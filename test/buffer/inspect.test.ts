import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RowFacts } from "../../src/buffer/breaches.ts";
import { checkInput, RowCheck } from "../../src/buffer/breaches.ts";
import { databaseSize, openForReading, openForWriting } from "../../src/buffer/database.ts";
import { inspect } from "../../src/buffer/inspect.ts";
import type { Inspection } from "../../src/buffer/inspect.ts";
import { countLetters, readLetter, readLetters } from "../../src/buffer/letters.ts";
import { readLosses } from "../../src/buffer/losses-read.ts";
import { emptyAccount } from "../../src/buffer/ledger.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../src/core/fate.ts";
import { LINES, makeState, remove } from "../helpers/state-directory.ts";
import type { Made } from "../helpers/state-directory.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

function open(directory = made.state): NonNullable<ReturnType<typeof openForReading>> {
  const db = openForReading(directory);
  assert.ok(db);
  return db;
}

function look(): Inspection {
  const db = open();
  const found = inspect(db);
  db.close();
  return found;
}

test("a running agent's directory is read, and everything in it adds up", () => {
  const { inputs, rows, sources, losses, letters, breaches } = look();
  const read = LINES.join("").length;
  assert.deepEqual(breaches, []);
  assert.deepEqual([rows.chunks, rows.records, rows.bytes], [2, 4, "seven\neight\nnine\nten\n".length]);
  assert.ok(rows.stored > 2 * 128 && rows.oldestMs !== undefined && rows.newestMs !== undefined);
  assert.equal(sources[0]?.checkpoint, read);
  const [app] = inputs;
  assert.deepEqual(app?.account.read, { records: 10, bytes: read });
  assert.deepEqual(app?.account.fates[DELIVERED], { records: 2, bytes: "one\nthree\n".length });
  assert.equal(app?.account.fates[DEAD]?.records, 1);
  assert.equal(app?.account.fates[SAMPLED]?.records, 1);
  assert.equal(app?.account.fates[DROPPED_OLDEST]?.records, 2);
  assert.deepEqual([losses.ranges, losses.records, losses.uncertain], [2, 3, 1]);
  assert.deepEqual(letters, { documents: 1, bytes: (LINES[1] as string).length });
});

test("losses and letters are as the buffer wrote them", () => {
  const db = open();
  const [sampled, dropped, ...more] = [...readLosses(db, "app")];
  assert.deepEqual([sampled?.fate, sampled?.keep, sampled?.hashVersion, sampled?.uncertain], ["sampled", 2, 1, false]);
  assert.deepEqual([dropped?.fate, dropped?.keep, dropped?.records, dropped?.uncertain], ["oldest", 0, 2, true]);
  assert.deepEqual(more, []);
  assert.deepEqual([...readLosses(db, "other")], []);
  assert.deepEqual([countLetters(db, "app"), countLetters(db, "other"), countLetters(db, undefined)], [1, 0, 1]);
  const [letter] = [...readLetters(db, { input: undefined, limit: 0 })];
  assert.deepEqual([letter?.offset, letter?.status, letter?.path], [4, 400, made.log]);
  assert.equal(readLetter(db, letter?.id as number)?.body?.toString(), "\x1b[31mtwo");
  assert.equal(readLetter(db, 99), undefined);
  db.close();
});

test("more than a page is read, in order, and a limit is kept", () => {
  const directory = join(made.root, "pages");
  const { db, lock } = openForWriting(directory);
  const loss = db.prepare("INSERT INTO losses VALUES (?, 1, ?, 's', '/x', 0, 1, 'oldest', 1, 1, 0, 0, 0)");
  const letter = db.prepare("INSERT INTO dead_letters VALUES (?, 1, ?, 's', '/x', 0, 1, 'i', 400, 't', 'r', NULL)");
  db.transaction(() => {
    for (let i = 1; i <= 1500; i++) for (const add of [loss, letter]) add.run(i, i % 3 === 0 ? "third" : "other");
  })();
  const reader = open(directory);
  const ids = (all: Iterable<{ readonly id: number }>): number[] => [...all].map(({ id }) => id);
  const upTo = Array.from({ length: 1500 }, (_, i) => i + 1);
  assert.deepEqual(ids(readLosses(reader, undefined)), upTo);
  assert.equal(ids(readLosses(reader, "third")).length, 500);
  assert.deepEqual(ids(readLetters(reader, { input: undefined, limit: 0 })), upTo.toReversed());
  assert.deepEqual(ids(readLetters(reader, { input: "third", limit: 2 })), [1500, 1497]);
  assert.equal(ids(readLetters(reader, { input: undefined, limit: 700 })).length, 700);
  for (const one of [reader, db, lock]) one.close();
});

test("what is not accounted for is found", () => {
  const directory = join(made.root, "broken");
  const { db, lock } = openForWriting(directory);
  const source = db.prepare("INSERT INTO sources VALUES ('s', 'app', '/x', '', '', '', 0, 0, 0, 0, 0, ?)");
  source.run(100);
  db.exec("INSERT INTO ledger VALUES ('app', 'read', 10, 100), ('app', 'delivered', 4, 40)");
  db.exec("INSERT INTO envelopes VALUES (1, 'app', '/x', 'h', '{}', 'i', 'default')");
  const row = db.prepare("INSERT INTO chunks VALUES (?, ?, 1, ?, ?, ?, ?, 1, 0, 0, 0, 0, 0, 0, x'00', NULL)");
  row.run(1, "s", 40, 100, 6, 60);
  const rules = (): string[] => inspect(db).breaches.map(({ rule, input }) => `${rule} ${input}`);
  assert.deepEqual(rules(), [], "sound as it is");

  row.run(2, "s", 90, 120, 1, 30);
  assert.deepEqual(rules(), ["balance app", "balance app", "row-span app", "row-overlap app"]);
  db.exec("DELETE FROM chunks WHERE seq = 2; UPDATE sources SET checkpoint = 101");
  assert.deepEqual(rules(), ["read app"]);
  db.exec("UPDATE sources SET checkpoint = 90; INSERT INTO ledger VALUES ('app', 'retired', 0, 10)");
  assert.deepEqual(rules(), ["row-span app"], "forgotten sources count, their bytes are in no row");
  db.exec("UPDATE sources SET id = 'other'");
  assert.deepEqual(rules(), ["row-orphan app"]);
  db.exec("DELETE FROM envelopes");
  assert.ok(rules().includes("row-orphan unknown"));
  for (const one of [db, lock]) one.close();
});

test("a breach is said once per source", () => {
  const check = new RowCheck([], []);
  const at = { source: "s", envelope: 1, start: 0, end: 1, records: 1, bytes: 1, readAtMs: 1, stored: 1 };
  for (let seq = 1; seq <= 3; seq++) check.add({ seq, ...at } satisfies RowFacts);
  assert.deepEqual(
    check.breaches().map(({ message }) => message),
    ["row 1 refers to source s, which is not there; and 2 more of this source"],
  );
});

test("the sentence names both sides of the balance", () => {
  const account = { ...emptyAccount(), read: { records: 1, bytes: 9 } };
  const [records] = checkInput({ input: "in", account, retired: 9, buffered: { records: 3, bytes: 9 } }, []);
  assert.match(records?.message ?? "", /^1 records were read, 3 have a fate or a row: -2 are unaccounted for$/);
});

test("nothing stored, foreign and damaged files are told apart", () => {
  const directory = join(made.root, "odd");
  assert.equal(openForReading(join(made.root, "nowhere")), undefined);
  const { lock } = openForWriting(directory);
  lock.close();
  writeFileSync(join(directory, "state.db"), "");
  assert.equal(openForReading(directory), undefined, "made, and its tables are not there yet");
  assert.equal(databaseSize(join(made.root, "nowhere")), 0);
  writeFileSync(join(directory, "state.db"), "x".repeat(4096));
  writeFileSync(join(directory, "state.db-journal"), "");
  assert.equal(openForReading(directory), undefined, "killed while it was made");
  rmSync(join(directory, "state.db-journal"));
  assert.throws(() => openForReading(directory), { code: "state-corrupt", exit: 78 });
  assert.throws(() => openForReading(join(made.log, "below")), { code: "state-unusable" });
});
