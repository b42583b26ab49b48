import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { BACKFILL, REPLAY, SentAgainBooks } from "../../../src/buffer/ledger/sent-again.ts";
import { Arena } from "../../../src/core/arena.ts";
import { DELIVERED, DUPLICATE } from "../../../src/core/fate.ts";
import { Disk } from "../disk.ts";

const count = (records: number, bytes: number) => ({ records, bytes });

test("what is sent again is read and delivered once more by a pseudo-input, and the books stay balanced", () => {
  using disk = new Disk(new Arena(65_536));
  const replayed = new SentAgainBooks(disk.db, REPLAY);
  replayed.count({ stored: count(2, 20), exists: count(1, 7) });
  replayed.count({ stored: count(0, 0), exists: count(1, 3) });
  new SentAgainBooks(disk.db, BACKFILL).count({ stored: count(5, 50), exists: count(0, 0) });
  const { inputs, violations } = inspect(disk.db);
  assert.deepEqual(violations, []);
  const of = (input: string) => inputs.find((one) => one.input === input)?.account;
  assert.deepEqual(
    [of(REPLAY)?.read, of(REPLAY)?.fates[DELIVERED], of(REPLAY)?.fates[DUPLICATE]],
    [count(4, 30), count(2, 20), count(2, 10)],
  );
  assert.deepEqual(of(BACKFILL)?.read, count(5, 50));
});

test("nothing sent: nothing is written", () => {
  using disk = new Disk(new Arena(65_536));
  new SentAgainBooks(disk.db, REPLAY).count({ stored: count(0, 0), exists: count(0, 0) });
  assert.deepEqual(disk.rows("SELECT * FROM ledger"), []);
});
