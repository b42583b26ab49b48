// The rig notices when a rule of the buffer is turned off. A handful of rules by default, all of them with MUTANTS=all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mutated } from "../helpers/mutant.ts";
import { ROOT } from "../helpers/tree.ts";
import { MUTANTS, huntMutant } from "./mutants.ts";

/** Found within a few seeds, one for each part of the rules. */
const QUICK = [
  "1: in spill",
  "6: rows hold",
  "8: spill mode is left whether",
  "14: a loss",
  "20: a region goes while the t",
];

test("every mutant changes one place of the code that is there", () => {
  for (const mutant of MUTANTS) assert.notEqual(mutated(ROOT, mutant), "", mutant.name);
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});

const all = process.env["MUTANTS"] === "all";
const chosen = MUTANTS.filter(({ name }) => all || QUICK.some((start) => name.startsWith(start)));
assert.equal(chosen.length, all ? MUTANTS.length : QUICK.length);
for (const mutant of chosen) {
  test(`is noticed: ${mutant.name}`, async (t) => {
    const { runs, found } = await huntMutant(mutant);
    assert.ok(found, `nothing was noticed in ${runs} runs`);
    t.diagnostic(`seed ${found.seed}: ${found.violation.slice(0, 200)}`);
  });
}
