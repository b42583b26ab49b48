// `npm run crash -- --rounds 10000 --seed 1`: kills the agent the given number of times, in stories of 24 rounds, each story
// with its own seed, as many at a time as the machine has cores. Stops at the first failure, which prints its story and keeps its
// directory; stories that run beside it end where they are.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SEED } from "../test/helpers/seed.ts";
import { VARIANTS, World } from "../test/crash/world.ts";
import { atATime } from "../test/helpers/hunters.ts";

const STORY = 24;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string", default: String(SEED) },
  },
});
const rounds = Number(values.rounds);
const first = Number(values.seed);
process.stdout.write(`${rounds} rounds from seed ${first}\n`);
let played = 0;
const stories = Array.from({ length: Math.ceil(rounds / STORY) }, (_, story) => async () => {
  const variant = VARIANTS[story % VARIANTS.length] as (typeof VARIANTS)[number];
  const count = Math.min(STORY, rounds - story * STORY);
  const told = await World.play(variant, first + story, count);
  played += count;
  process.stdout.write(`${played} rounds; ${told}\n`);
});
await atATime(availableParallelism(), stories);
