// `node test/inputs/file/model/hunt.ts WORLD/PATIENCE COUNT FROM`: plays the histories of the given seeds until one finds a
// violation, and prints the result as one line of JSON. Many run at a time, because a history mostly waits. A process of its own,
// so that several can run side by side, and can run on mutants in copies of the tree.
import { type Hunted, atATime } from "../../../helpers/hunters.ts";
import { copyHistoryOf, playCopies } from "./copies.ts";
import { historyOf, written } from "./history.ts";
import { play } from "./world.ts";

/** sound: long, since a busy machine must not look like a violation. mutant: short, since something is expected to be missing. */
const PATIENCE_MS: Readonly<Record<string, number>> = { sound: 15_000, mutant: 3000 };
const AT_A_TIME = 24;

/** Plays the history of a seed. @returns the violation and the history as text; undefined: no violation */
const WORLDS: Readonly<Record<string, (seed: number, patienceMs: number) => Promise<string | undefined>>> = {
  async files(seed, patienceMs) {
    const history = historyOf(seed);
    const violation = await play(history, patienceMs);
    return violation && `${violation}; ${JSON.stringify(written(history))}`;
  },
  async copies(seed, patienceMs) {
    const history = copyHistoryOf(seed);
    const violation = await playCopies(history, patienceMs);
    return violation && `${violation}; ${JSON.stringify(history)}`;
  },
};

async function hunt(world: string, patience: string, count: number, from: number): Promise<Hunted> {
  let runs = 0;
  let found: Hunted["found"];
  // Without this, an error thrown in a callback would end the process.
  process.on("uncaughtException", (error) => (found ??= { seed: from + runs, violation: String(error) }));
  const tasks = Array.from({ length: count }, (_, i) => async () => {
    if (found !== undefined) return;
    const violation = await WORLDS[world]?.(from + i, PATIENCE_MS[patience] as number);
    runs++;
    if (violation !== undefined) found ??= { seed: from + i, violation };
  });
  await atATime(AT_A_TIME, tasks);
  return { runs, found };
}

const [kind = "", count, from] = process.argv.slice(2);
const [world = "", patience = ""] = kind.split("/");
process.stdout.write(`${JSON.stringify(await hunt(world, patience, Number(count), Number(from)))}\n`);
