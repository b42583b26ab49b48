// Checks that the table of mutants is up to date and that hunting works. For all mutants: npm run simulation -- --mutants all
import assert from "node:assert/strict";
import { test } from "node:test";
import { mutated } from "../helpers/mutant.ts";
import { ROOT } from "../helpers/tree.ts";
import { MUTANTS, noticed } from "./mutants.ts";

/** Both are found by one of the first seeds. */
const HUNTED = [
  "the checkpoint is the read position",
  "a known source that goes on keeps its old checkpoint in the database",
];

test("each mutant changes the text of the code of today", () => {
  for (const mutant of MUTANTS) assert.notEqual(mutated(ROOT, mutant), "");
});

for (const name of HUNTED) {
  test(`noticed: ${name}`, async () => {
    const mutant = MUTANTS.find((one) => one.name === name);
    assert.ok(mutant, "it has another name now");
    assert.ok(await noticed(mutant), "no schedule notices it");
  });
}
