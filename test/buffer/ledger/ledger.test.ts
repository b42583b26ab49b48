import assert from "node:assert/strict";
import { test } from "node:test";
import { Deltas, Ledger, emptyAccount } from "../../../src/buffer/ledger/ledger.ts";
import { DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../../src/core/fate.ts";

test("goes on from what was durable, and leaves that alone", () => {
  const account = emptyAccount();
  account.read.records = 2;
  const durable = [{ input: "a", account, retired: 0 }];
  const ledger = new Ledger(durable);
  ledger.read("a", 3, 30);
  ledger.fate("a", DELIVERED, 1, 10);
  ledger.read("b", 1, 1);
  assert.deepEqual(ledger.of("a").read, { records: 5, bytes: 30 });
  assert.deepEqual(ledger.of("a").fates[DELIVERED], { records: 1, bytes: 10 });
  assert.deepEqual(ledger.of("b").fates[DELIVERED], { records: 0, bytes: 0 });
  assert.deepEqual(account.read, { records: 2, bytes: 0 });
  assert.deepEqual(
    [...ledger].map(([input]) => input),
    ["a", "b"],
  );
});

test("deltas add up per input, and only what a transaction says is in them", () => {
  const deltas = new Deltas();
  deltas.read("a", 2, 20);
  deltas.read("a", 1, 10);
  deltas.fate("a", SAMPLED, 1, 10);
  deltas.fate("a", SAMPLED, 1, 5);
  deltas.fate("a", DROPPED_OLDEST, 1, 7);
  deltas.of("b").retired += 9;
  const [a, b] = deltas.list();
  assert.deepEqual(a?.account.read, { records: 3, bytes: 30 });
  assert.deepEqual(a?.account.fates[SAMPLED], { records: 2, bytes: 15 });
  assert.deepEqual(a?.account.fates[DROPPED_OLDEST], { records: 1, bytes: 7 });
  assert.deepEqual([b?.input, b?.retired, b?.account], ["b", 9, emptyAccount()]);
});
