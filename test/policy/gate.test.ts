import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { BlockRung } from "../../src/core/options.ts";
import { GATES, gate, passes } from "../../src/policy/gate.ts";
import { block } from "./ladders.ts";

const never = block(0.7, 0.6) as BlockRung;
const waits = block(0.7, 0.6, { waited: 600_000 }) as BlockRung;
const risk = block(0.7, 0.6, { atRisk: 1000 }) as BlockRung;
const both = block(0.7, 0.6, { waited: 600_000, atRisk: 1000 }) as BlockRung;

const cases: readonly (readonly [name: string, block: BlockRung, waited: number, atRisk: number, gate: string])[] = [
  ["without `until` it stays shut", never, 1e12, 1e12, "shut"],
  ["shut until it has waited", waits, 599_999, 1e12, "shut"],
  ["open for everything after the wait", waits, 600_000, 0, "open"],
  ["shut up to the limit at risk", risk, 1e12, 1000, "shut"],
  ["open for what exceeds the limit at risk", risk, 0, 1001, "at-risk"],
  ["the wider of two reasons counts", both, 600_000, 5000, "open"],
  ["either reason suffices", both, 0, 5000, "at-risk"],
];
for (const [name, rung, waited, atRisk, want] of cases) {
  test(name, () => assert.equal(gate(rung, waited, atRisk), want));
}

test("a gate never narrows", () => {
  const anyBlock = fc.constantFrom(never, waits, risk, both);
  const looks = fc.array(fc.tuple(fc.nat(700_000), fc.nat(2000)));
  fc.assert(
    fc.property(anyBlock, looks, (rung, seen) => {
      let state = gate(rung, 0, 0);
      for (const [waited, atRisk] of seen) {
        const next = gate(rung, waited, atRisk, state);
        assert.ok(GATES.indexOf(next) >= GATES.indexOf(state));
        state = next;
      }
    }),
  );
});

test("what passes: nothing, what exceeds the limit, everything", () => {
  assert.equal(passes(risk, "shut", 5000), 0);
  assert.equal(passes(risk, "at-risk", 5000), 4000);
  assert.equal(passes(risk, "at-risk", 900), 0);
  assert.equal(passes(both, "open", 0), Infinity);
});
