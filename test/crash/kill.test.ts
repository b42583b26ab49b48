// SIGKILL at any moment loses nothing and doubles nothing. A few rounds by default; ROUNDS=200 and scripts/crash.ts for
// more. A failure names its seed and keeps its directory.
import { describe, test } from "node:test";
import { VARIANTS, World } from "./world.ts";

const rounds = Math.ceil(Number(process.env["ROUNDS"] ?? 12) / VARIANTS.length);
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e6));

describe("an agent that is killed again and again", () => {
  for (const variant of VARIANTS) {
    test(variant, async (t) => t.diagnostic(await World.play(variant, seed, rounds)));
  }
});
