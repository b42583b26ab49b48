// `node test/inputs/file/model/hunt.ts KIND COUNT FROM`: plays the histories of so many seeds, many at a time since most of a
// history is waiting, until one finds a violation, and says so as one line of JSON. A process of its own: several run side
// by side, and mutants of the code are hunted in copies of the tree.
import type { Hunted } from "../../../model/hunt.ts";
import { atATime } from "../../../model/hunters.ts";
import { historyOf, written } from "./history.ts";
import { play } from "./world.ts";

/** sound: a busy machine must not look like a violation. mutant: that something is missing is expected. */
const PATIENCE_MS: Readonly<Record<string, number>> = { sound: 15_000, mutant: 3000 };
const AT_A_TIME = 24;

async function hunt(patienceMs: number, count: number, from: number): Promise<Hunted> {
  let runs = 0;
  let found: Hunted["found"];
  // What is thrown where nobody waits would end the process.
  process.on("uncaughtException", (error) => (found ??= { seed: from + runs, violation: String(error) }));
  const tasks = Array.from({ length: count }, (_, i) => async () => {
    if (found !== undefined) return;
    const history = historyOf(from + i);
    const violation = await play(history, patienceMs);
    runs++;
    if (violation === undefined) return;
    found ??= { seed: from + i, violation: `${violation}; ${JSON.stringify(written(history))}` };
  });
  await atATime(AT_A_TIME, tasks);
  return { runs, found };
}

const [kind = "", count, from] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await hunt(PATIENCE_MS[kind] as number, Number(count), Number(from)))}\n`);
