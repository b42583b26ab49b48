// Logs that are now renamed, now copied and truncated, while fewer descriptors than files are to be had. With these seeds a copy of a
// log of which a fingerprint was read is read again.
import test from "node:test";
import { play } from "./busy-files.ts";

for (const seed of [1024, 1054, 1063])
  test(`logs that are renamed and copied by turns, seed ${seed}`, (t) => play(t, "both ways", seed));
