import assert from "node:assert/strict";
import { test } from "node:test";
import {
  META,
  envelopeOf,
  readLedger,
  readMeta,
  readQueues,
  readSources,
  readStarts,
  readStored,
  readTotals,
} from "../../../../src/buffer/spool/rows/tables.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { DELIVERED, FATES } from "../../../../src/core/fate.ts";
import { Disk } from "../../disk.ts";
import { NOTHING, adding, envelope, source } from "../rows.ts";

test("sources come page by page, as they were written", () => {
  using disk = new Disk(new Arena(1 << 20));
  const all = [1, 2, 3].map((num) => ({ ...source(num, `in${num}`, 5), mark: { length: 64, hash: 4_294_967_295 } }));
  disk.store.commit({ ...NOTHING, sources: all }, 1);
  const stored = all.map((one) => ({ ...one, chunks: 0 }));
  assert.deepEqual(readSources(disk.db), stored);
  assert.deepEqual([readSources(disk.db, 0, 2), readSources(disk.db, 2, 2)], [stored.slice(0, 2), stored.slice(2)]);
});

test("the ledger is read into fates by their names, whatever their order", () => {
  using disk = new Disk(new Arena(1 << 20));
  disk.db.exec(`INSERT INTO ledger VALUES ('a', 'read', 3, 30), ('a', 'delivered', 2, 20), ('a', 'retired', 0, 7),
    ('b', 'corrupt', 1, 10)`);
  const [a, b] = readLedger(disk.db);
  assert.deepEqual([a?.input, a?.account.read, a?.retired], ["a", { records: 3, bytes: 30 }, 7]);
  assert.deepEqual(a?.account.fates[DELIVERED], { records: 2, bytes: 20 });
  assert.deepEqual([b?.input, b?.account.fates[FATES.indexOf("corrupt")]], ["b", { records: 1, bytes: 10 }]);
});

test("queues, and sums of those that hold something", () => {
  using disk = new Disk(new Arena(1 << 20));
  disk.store.commit(adding(disk.arena, [{ seq: 1, data: "x" }]), 1);
  disk.db.exec("INSERT INTO totals VALUES (2, 'in', 0, 0, 0, 0)");
  assert.deepEqual(readQueues(disk.db), [{ id: 1, policy: "default", target: "t1" }]);
  assert.deepEqual(
    readTotals(disk.db).map(({ queue, chunks }) => [queue, chunks]),
    [[1, 1]],
  );
});

test("first starts are told from other keys, also of inputs with odd names", () => {
  using disk = new Disk(new Arena(1 << 20));
  const starts = [
    { input: "started ", atMs: 1 },
    { input: "*", atMs: 2 },
  ];
  disk.store.recover("machine");
  disk.store.commit({ ...NOTHING, starts }, 1);
  assert.deepEqual(readStarts(disk.db), starts.toReversed());
});

test("what a start has to know beside the tables is there from the first commit on", () => {
  using disk = new Disk(new Arena(1 << 20));
  assert.equal(readMeta(disk.db), undefined);
  disk.store.commit(NOTHING, 1);
  assert.deepEqual(readMeta(disk.db), NOTHING.meta);
  assert.equal(new Set(Object.values(META)).size, Object.keys(META).length);
});

test("no new chunk gets the number of a row, although the agent's own numbers are older than the rows", () => {
  using disk = new Disk(new Arena(1 << 20));
  disk.store.commit(
    adding(disk.arena, [
      { seq: 3, data: "x" },
      { seq: 7, data: "y" },
    ]),
    1,
  );
  const nextSeq = (): number | undefined => readStored(disk.db, false).meta?.nextSeq;
  assert.equal(NOTHING.meta.nextSeq, 1);
  assert.equal(nextSeq(), 8);
  disk.db.exec("UPDATE heads SET seq = 1e17 WHERE seq = 7");
  assert.equal(nextSeq(), 1, "a flipped bit makes no number");
  disk.store.commit({ ...NOTHING, meta: { ...NOTHING.meta, nextSeq: 20 } }, 2);
  assert.equal(nextSeq(), 20);
});

for (const code of ["SQLITE_IOERR_READ", "SQLITE_CORRUPT"])
  test(`rows of one queue cannot be read now (${code}): the start goes on, and keeps clear of the others`, () => {
    using disk = new Disk(new Arena(1 << 20));
    disk.store.commit(adding(disk.arena, [{ seq: 9, data: "x" }]), 1);
    disk.db.exec("INSERT INTO queues VALUES (0, 'default', 't0')");
    const db = new Proxy(disk.db, {
      get: (target, name: "prepare") => (name === "prepare" ? prepare : target[name]),
    });
    const prepare = (sql: string): unknown => {
      const statement = disk.db.prepare(sql);
      if (!sql.includes("max(seq)")) return statement;
      const get = (queue: number): unknown => {
        if (queue === 0) throw Object.assign(new Error("disk I/O error"), { code });
        return statement.pluck().get(queue);
      };
      return { pluck: () => ({ get }) };
    };
    assert.equal(readStored(db, false).meta?.nextSeq, 10);
  });

test("an envelope comes back with its fields", () => {
  using disk = new Disk(new Arena(1 << 20));
  disk.store.commit(adding(disk.arena, [{ seq: 1, data: "x" }]), 1);
  assert.deepEqual(envelopeOf(disk.db.prepare("SELECT * FROM envelopes").get() as never), envelope(1));
});
