import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { LossList, admissionLosses, isListed, settledLosses } from "../../../src/buffer/ledger/losses.ts";
import { dropOpen } from "../../../src/buffer/settle.ts";
import type { Loss } from "../../../src/buffer/spool/spool.ts";
import {
  DELIVERED,
  DROPPED_CORRUPT,
  DROPPED_OLDEST,
  DROPPED_OVERSIZE,
  DROPPED_RATE,
  FATES,
  SAMPLED,
} from "../../../src/core/fate.ts";
import { Held } from "../held.ts";
import { cpuMs } from "../../helpers/cpu.ts";

// A fate that is missing here is new: list its ranges, so that nothing is shed without a trace.
test("every fate of a record that was not kept is listed, but for what a filter took and what a dead letter was", () => {
  const unlisted = FATES.filter((_, fate) => !isListed(fate));
  const stored = ["open", "delivered", "duplicates", "dead_lettered"];
  // The range of an evicted dead letter is written with its removal.
  assert.deepEqual(unlisted, [...stored, "filtered", "dead_letter_budget"]);
});

test("what admission shed by policy is a loss over the chunk's span, sampled ones with their part", () => {
  using held = new Held();
  const one = { records: 1, bytes: 10 };
  const counted = new Map([
    [SAMPLED, one],
    [DROPPED_RATE, one],
    [FATES.indexOf("filtered"), one],
  ]);
  const losses = admissionLosses(held.add("kept\n", { counted, keep: 4 }), 7);
  assert.deepEqual(
    losses.map(({ fate, keep, hashVersion, uncertain }) => [fate, keep, hashVersion, uncertain]),
    [
      [SAMPLED, 4, 1, false],
      [DROPPED_RATE, 0, 0, false],
    ],
    "what a filter wanted gone is no loss",
  );
  for (const { start, end, atMs, path } of losses) assert.deepEqual([start, end, atMs, path], [0, 35, 7, "/a"]);
});

test("shed at admission after a kill it is uncertain: the process before may have sent it", () => {
  using held = new Held();
  held.source();
  held.open("a", 100);
  const chunk = held.add("1\n", { counted: new Map([[SAMPLED, { records: 1, bytes: 10 }]]) });
  assert.equal(admissionLosses(chunk, 1)[0]?.uncertain, true);
});

test("what max_record cut off is listed, and never uncertain: no document had it", () => {
  using held = new Held();
  held.source();
  held.open("a", 100);
  const counted = new Map([[DROPPED_OVERSIZE, { records: 0, bytes: 10 }]]);
  const [one] = admissionLosses(held.add("cut\n", { counted }), 7);
  assert.deepEqual([one?.fate, one?.records, one?.bytes, one?.uncertain], [DROPPED_OVERSIZE, 0, 10, false]);
});

test("what was dropped later is uncertain when an attempt may have stored it", () => {
  using held = new Held();
  type Four = [Chunk, Chunk, Chunk, Chunk];
  const [sure, unsure, stored, corrupt] = ["1\n", "2\n", "3\n", "4\n"].map((text) => held.add(text)) as Four;
  unsure.mayBeStored();
  for (const chunk of [sure, unsure]) dropOpen(held.state, chunk, DROPPED_OLDEST);
  dropOpen(held.state, stored, DELIVERED);
  dropOpen(held.state, corrupt, DROPPED_CORRUPT);
  assert.deepEqual(settledLosses(sure, 1), [
    {
      ...{ atMs: 1, input: "a", source: "a", path: "/a", start: 0, end: 2, fate: DROPPED_OLDEST },
      ...{ records: 1, bytes: 2, uncertain: false, keep: 0, hashVersion: 0, merged: false },
    },
  ]);
  assert.equal(settledLosses(unsure, 1)[0]?.uncertain, true);
  assert.deepEqual([settledLosses(stored, 1).length, settledLosses(corrupt, 1).length], [0, 1]);
});

const loss = (source: string, start: number, more: Partial<Loss> = {}): Loss => ({
  ...{
    atMs: 1,
    input: "in",
    source,
    path: `/${source}`,
    start,
    end: start + 10,
    fate: DROPPED_OLDEST,
    records: 1,
    bytes: 9,
  },
  ...{ uncertain: false, keep: 0, hashVersion: 0, merged: false },
  ...more,
});

test("ranges that wait are bounded: those of a source and kind become one, and no count is lost", () => {
  const kinds = fc.record({
    source: fc.constantFrom("a", "b", "c"),
    uncertain: fc.boolean(),
    keep: fc.constantFrom(0, 2),
  });
  fc.assert(
    fc.property(fc.array(kinds, { minLength: 1, maxLength: 300 }), (all) => {
      const list = new LossList(20);
      all.forEach(({ source, ...more }, i) => list.addAll([loss(source, 10 * i, more)]));
      const sum = (of: Iterable<Loss>): number[] =>
        [...of].reduce(([records = 0, bytes = 0], l) => [records + l.records, bytes + l.bytes], [0, 0]);
      assert.ok(list.size <= 20 + 12, `${list.size} ranges`);
      for (const source of ["a", "b", "c"]) {
        const of = [...list].filter((l) => l.source === source);
        const expected = all.flatMap(({ source: own, ...more }, i) =>
          own === source ? [loss(source, 10 * i, more)] : [],
        );
        assert.deepEqual(sum(of), sum(expected));
        if (of.length === 0) continue;
        assert.equal(Math.min(...of.map(({ start }) => start)), Math.min(...expected.map(({ start }) => start)));
        assert.equal(Math.max(...of.map(({ end }) => end)), Math.max(...expected.map(({ end }) => end)));
      }
    }),
  );
});

test("a range that leaves nothing out is not called merged, one with records between that were kept is", () => {
  const list = new LossList(1);
  list.addAll([loss("a", 10), loss("a", 0), loss("b", 0), loss("b", 20)]);
  assert.deepEqual(
    [...list].map(({ source, start, end, merged }) => [source, start, end, merged]),
    [
      ["a", 0, 20, false],
      ["b", 0, 30, true],
    ],
  );
  list.addAll([loss("a", 20), loss("a", 30), loss("b", 30)]);
  assert.deepEqual(
    [...list].map(({ end, merged }) => [end, merged]),
    [
      [40, false],
      [40, true],
    ],
  );
});

test("more kinds than may wait are not merged again with each that comes", () => {
  const list = new LossList(100);
  const ms = cpuMs(() => {
    for (let i = 0; i < 20_000; i++) list.addAll([loss(String(i), 0)]);
  });
  assert.equal(list.size, 20_000);
  assert.ok(ms < 2000, `${ms} ms: each addition costs about nothing`);
});
