// More busy files than may be open, in random histories. SPILLWAY_RUNS=1000 plays more of them, SEED=... repeats one.
import test from "node:test";
import { SEED } from "../../helpers/seed.ts";
import { play } from "./busy-files.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 3);

for (let run = 0; run < RUNS; run++)
  test(`more busy files than descriptors, seed ${SEED + run}`, (t) => play(t, "one way each", SEED + run));

// They failed while the test did not know that copies of short files are read again.
for (const seed of [140, 237, 627_226_429])
  test(`short files, renamed and copied by turns, seed ${seed}`, (t) => play(t, "both ways", seed));
