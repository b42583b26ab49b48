import assert from "node:assert/strict";
import { test } from "node:test";
import { Carried } from "../../src/agent/carried.ts";
import { sampleFacts } from "../ops/sample-facts.ts";

test("without a predecessor nothing is added", () => {
  const facts = sampleFacts();
  assert.equal(new Carried().into(facts), facts);
});

test("counters go on over several agents, and nothing else is added up", () => {
  const carried = new Carried();
  const sample = sampleFacts();
  const facts = { ...sample, output: { ...sample.output, failureStored: 3 } };
  for (let n = 1; n <= 3; n++) {
    const now = carried.into(facts);
    const { output } = now;
    assert.equal(output.requests, n * facts.output.requests);
    assert.equal(output.failures.busy, n * facts.output.failures.busy);
    assert.equal(output.items.stored, n * facts.output.items.stored);
    assert.equal(output.wireBytes, n * facts.output.wireBytes);
    assert.equal(output.failureStored, n * 3);
    assert.equal(output.inFlight, facts.output.inFlight);
    assert.deepEqual(now.buffer, facts.buffer);
    for (const [id, input] of now.inputs) {
      assert.equal(input.unread.deleted, n * (facts.inputs.get(id)?.unread.deleted ?? NaN));
      assert.equal(input.lagBytes, facts.inputs.get(id)?.lagBytes);
      assert.deepEqual(input.ledger, facts.inputs.get(id)?.ledger);
    }
    for (const [name, policy] of now.policies) {
      assert.equal(policy.actionMs.accept, n * (facts.policies.get(name)?.actionMs.accept ?? NaN));
    }
    carried.keep(now);
  }
});

test("an action that the ladder does not have any more is not counted, and a new input begins at nought", () => {
  const carried = new Carried();
  const before = sampleFacts();
  carried.keep(before);
  const [[name, policy] = []] = before.policies;
  const [[, input] = []] = before.inputs;
  assert.ok(name !== undefined && policy !== undefined && input !== undefined);
  const policies = new Map([[name, { ...policy, actionMs: { accept: 1 } }]]);
  const now = carried.into({ ...before, policies, inputs: new Map([["new", input]]) });
  assert.deepEqual(Object.keys(now.policies.get(name)?.actionMs ?? {}), ["accept"]);
  assert.deepEqual(now.inputs.get("new"), input);
});

test("an input, a ladder and an action that come back after a while count on", () => {
  const carried = new Carried();
  const sample = sampleFacts();
  carried.keep(carried.into(sample));
  carried.keep(carried.into({ ...sample, inputs: new Map(), policies: new Map() }));
  const [[name, policy] = []] = sample.policies;
  assert.ok(name !== undefined && policy !== undefined);
  const without = { ...sample, policies: new Map([[name, { ...policy, actionMs: {} }]]) };
  carried.keep(carried.into(without));
  const now = carried.into(sample);
  assert.equal(now.policies.get(name)?.actionMs.accept, 2 * (policy.actionMs.accept ?? NaN));
  for (const [id, { unread, failures }] of sample.inputs) {
    assert.equal(now.inputs.get(id)?.unread.deleted, 3 * unread.deleted);
    assert.equal(now.inputs.get(id)?.failures, 3 * failures);
  }
});

test("the last delivery is that of the last agent that had one", () => {
  const carried = new Carried();
  const facts = sampleFacts();
  carried.keep({ ...facts, output: { ...facts.output, storedAtMs: 7 } });
  const at = (storedAtMs: number | undefined): number | undefined =>
    carried.into({ ...facts, output: { ...facts.output, storedAtMs } }).output.storedAtMs;
  assert.deepEqual([at(undefined), at(9)], [7, 9]);
});
