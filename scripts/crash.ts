// `npm run crash -- --rounds 10000 --seed 1`: kills the agent as often as wanted, in stories of 24 rounds each with a
// seed of its own. Stops at the first failure, which names its story and keeps its directory.
import { parseArgs } from "node:util";
import { VARIANTS, World } from "../test/crash/world.ts";

const STORY = 24;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
  },
});
const rounds = Number(values.rounds);
const first = Number(values.seed);
process.stdout.write(`${rounds} rounds from seed ${first}\n`);
for (let played = 0, story = 0; played < rounds; played += STORY, story++) {
  const variant = VARIANTS[story % VARIANTS.length] as (typeof VARIANTS)[number];
  const told = await World.play(variant, first + story, Math.min(STORY, rounds - played));
  process.stdout.write(`${Math.min(rounds, played + STORY)} rounds; ${told}\n`);
}
