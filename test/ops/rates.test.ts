import assert from "node:assert/strict";
import { test } from "node:test";
import { type Totals, rates, shedOf, totals } from "../../src/ops/rates.ts";
import { buildStatus } from "../../src/ops/status.ts";
import { sampleFacts, sampleInput } from "./sample-facts.ts";

test("totals: what was written is what was read, is still to be read, or was lost before", () => {
  const input = sampleInput(1000);
  const status = buildStatus(sampleFacts({ inputs: new Map([["a", input]]) }));
  const now = totals(status, 5);
  const { read } = status.ledger;
  assert.equal(now.written, read.bytes + 1003 + 1008 + 1009 + 1010);
  const shed = shedOf(status.ledger);
  assert.equal(now.kept, read.bytes - shed.bytes);
  assert.equal(now.delivered, status.ledger.delivered.bytes);
  assert.equal(
    shed.records,
    status.ledger.sampled.records + Object.values(status.ledger.dropped).reduce((n, c) => n + c.records, 0),
  );
});

test("rates are per second, none is negative, and without time there are none", () => {
  const before: Totals = { atMs: 1000, written: 100, kept: 100, delivered: 0, records: { read: 10, delivered: 0 } };
  const after: Totals = { atMs: 3000, written: 50, kept: 300, delivered: 400, records: { read: 30, delivered: 40 } };
  assert.deepEqual(rates(before, after), { in: 0, kept: 100, out: 200, recordsIn: 10, recordsOut: 20 });
  assert.equal(rates(before, before), undefined);
});
