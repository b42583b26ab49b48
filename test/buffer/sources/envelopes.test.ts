import assert from "node:assert/strict";
import { test } from "node:test";
import { envelopeOf, remember } from "../../../src/buffer/sources/envelopes.ts";
import { settleRun } from "../../../src/buffer/settle.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { Held } from "../held.ts";

const FACTS = { input: "in", path: "/x", host: "h", fields: { a: 1 }, index: "i", policy: "p" };

test("the same facts give the same object, any other fact another", () => {
  using held = new Held();
  const { state } = held;
  const first = envelopeOf(state, FACTS);
  assert.equal(envelopeOf(state, { ...FACTS, fields: { a: 1 } }), first);
  for (const other of ["input", "path", "host", "index", "policy"]) {
    assert.notEqual(envelopeOf(state, { ...FACTS, [other]: "other" }), first, other);
  }
  assert.notEqual(envelopeOf(state, { ...FACTS, fields: { a: 2 } }), first);
  assert.equal(state.nextEnvelope, 8);
});

test("those of files that have been quiet for long are not kept, and get another number when they write again", () => {
  using held = new Held();
  const { state } = held;
  const first = envelopeOf(state, FACTS);
  for (let i = 0; i < 4000; i++) {
    envelopeOf(state, { ...FACTS, path: `/${i}` });
    envelopeOf(state, { ...FACTS, path: "/busy" });
  }
  assert.ok(state.envelopes.size <= 2000);
  assert.equal(envelopeOf(state, { ...FACTS, path: "/busy" }).id, 3, "asked for again and again");
  assert.notEqual(envelopeOf(state, FACTS).id, first.id);
});

test("one that comes from the database is the object that its number has in memory", () => {
  using held = new Held();
  const { state } = held;
  const own = envelopeOf(state, FACTS);
  assert.equal(remember(state, { ...FACTS, id: own.id }), own);
  const stored = { ...FACTS, path: "/y", id: 70 };
  assert.equal(remember(state, stored), stored);
  assert.equal(envelopeOf(state, { ...FACTS, path: "/y" }), stored);
  const older = { ...FACTS, id: 3 };
  assert.equal(remember(state, older), older, "the same facts under another number are another one");
});

test("it is written with the rows that refer to it, and goes with the last of them", () => {
  using held = new Held();
  const [one, two, other] = [held.add("1\n"), held.add("2\n"), held.add("3\n", { source: "b" })];
  assert.equal(one.envelope, two.envelope);
  const stored = (): unknown => held.disk.rows("SELECT input, chunks FROM envelopes ORDER BY input");
  held.commit();
  assert.deepEqual(stored(), [], "no row refers to one");
  held.spill();
  assert.deepEqual(stored(), [
    ["a", 2],
    ["b", 1],
  ]);
  for (const chunk of [one, other]) settleRun(held.state, chunk, 0, 1, DELIVERED);
  held.commit();
  assert.deepEqual(stored(), [["a", 1]]);
  held.add("4\n", { source: "b" });
  held.spill();
  assert.deepEqual(
    stored(),
    [
      ["a", 1],
      ["b", 1],
    ],
    "written again, under the number that it had",
  );
});
