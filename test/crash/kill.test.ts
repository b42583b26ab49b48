// SIGKILL at any moment loses and duplicates nothing. Runs a few rounds by default; set ROUNDS=200 or use scripts/crash.ts for
// more. A failure names its seed and keeps its directory.
import { describe, test } from "node:test";
import { VARIANTS, World } from "./world.ts";
import { SEED } from "../helpers/seed.ts";

const rounds = Math.ceil(Number(process.env["ROUNDS"] ?? 12) / VARIANTS.length);

describe("an agent that is killed again and again", () => {
  for (const variant of VARIANTS) {
    test(variant, async (t) => t.diagnostic(await World.play(variant, SEED, rounds)));
  }
});
