import assert from "node:assert/strict";
import { test } from "node:test";
import { envelopeOf } from "../../src/buffer/envelopes.ts";
import { Held } from "./held.ts";

const FACTS = { input: "in", path: "/x", host: "h", fields: { a: 1 }, index: "i", policy: "p" };

test("the same facts give the same object, any other fact another, and those of long ago are not kept", () => {
  const { state } = new Held();
  const first = envelopeOf(state, FACTS);
  assert.equal(envelopeOf(state, { ...FACTS, fields: { a: 1 } }), first);
  for (const other of ["input", "path", "host", "index", "policy"]) {
    assert.notEqual(envelopeOf(state, { ...FACTS, [other]: "other" }), first, other);
  }
  assert.notEqual(envelopeOf(state, { ...FACTS, fields: { a: 2 } }), first);
  assert.equal(state.nextEnvelope, 8);
  for (let i = 0; i < 1000; i++) envelopeOf(state, { ...FACTS, path: `/${i}` });
  assert.ok(state.envelopes.size < 300);
  assert.equal(envelopeOf(state, { ...FACTS, path: "/999" }).id, state.nextEnvelope - 1);
  assert.notEqual(envelopeOf(state, FACTS).id, first.id);
});

test("one is written with the first row that refers to it, once", () => {
  const held = new Held();
  const first = held.add("1\n");
  held.add("2\n", { source: "b" });
  assert.deepEqual(held.commit()?.transaction.envelopes ?? [], [], "no row refers to one");
  held.state.mode = "spill";
  assert.deepEqual(
    held.commit()?.transaction.envelopes.map(({ input }) => input),
    ["a", "b"],
  );
  assert.equal(held.add("3\n").envelope, first.envelope);
  assert.deepEqual(held.commit()?.transaction.envelopes, []);
});
