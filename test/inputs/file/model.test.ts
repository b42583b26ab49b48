// Random histories of a directory against the real tailer. A few by default; SPILLWAY_RUNS=5000 runs more, SEED sets the
// first seed, `npm run histories` runs thousands on all cores. Histories that found a fault are played again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { mutated } from "../../helpers/mutant.ts";
import { ROOT } from "../../helpers/tree.ts";
import { huntInChild } from "../../helpers/hunters.ts";
import { read, type WrittenHistory } from "./model/history.ts";
import { MUTANTS, noticed } from "./model/mutants.ts";
import { play } from "./model/world.ts";
import { SEED } from "../../helpers/seed.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 100);
const HUNT = fileURLToPath(new URL("./model/hunt.ts", import.meta.url));

for (const [world, runs] of [
  ["files", RUNS],
  ["copies", Math.ceil(RUNS / 4)],
] as const)
  test(`random histories of ${world}`, async () => {
    const { found } = await huntInChild(HUNT, `${world}/sound`, runs, SEED);
    assert.equal(found, undefined);
  });

test("histories that once found something", async () => {
  const histories = JSON.parse(
    readFileSync(new URL("../../fixtures/tailer-histories.json", import.meta.url), "utf8"),
  ) as WrittenHistory[];
  await Promise.all(histories.map(async (each) => assert.equal(await play(read(each), 15_000), undefined, each.steps)));
});

test("every mutant changes one place of the code that is there", () => {
  for (const mutant of MUTANTS) assert.notEqual(mutated(ROOT, mutant), "", mutant.name);
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});

test("a rule that is turned off is noticed", async () => {
  assert.match((await noticed(MUTANTS[0] as (typeof MUTANTS)[number])) ?? "", /^seed/);
});
