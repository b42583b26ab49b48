// `npm run histories -- --schedules 100000 --from 1 --mutants all`: the real tailer through random histories of its files,
// and a fourth as many of copies of them, on all cores. With `--mutants all` each rule of the tailer is turned off in turn,
// and must be missed. Stops each stretch of seeds at its first violation, which is named with its seed.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MUTANTS, noticed } from "../test/inputs/file/model/mutants.ts";
import type { Hunted } from "../test/model/hunt.ts";
import { atATime, huntInChild } from "../test/model/hunters.ts";

const HUNT = fileURLToPath(new URL("../test/inputs/file/model/hunt.ts", import.meta.url));
/** Seeds of one process. */
const STRETCH = 1000;
/** So many of plain files for one of files that are copied and compressed: those take longer. */
const COPIES = 4;

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "10000" },
    from: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    mutants: { type: "string", default: "none" },
  },
});
const [count, from] = [Number(values.schedules), Number(values.from)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`${count} histories from seed ${from}`);

function stretches(world: "files" | "copies", runs: number): (() => Promise<Hunted>)[] {
  return Array.from({ length: Math.ceil(runs / STRETCH) }, (_, i) => async () => {
    const start = i * STRETCH;
    const hunted = await huntInChild(HUNT, `${world}/sound`, Math.min(STRETCH, runs - start), from + start);
    if (hunted.found) say(`VIOLATION (${world}, seed ${hunted.found.seed}): ${hunted.found.violation}`);
    return hunted;
  });
}

const all = [...stretches("files", count), ...stretches("copies", Math.ceil(count / COPIES))];
const hunted = await atATime(availableParallelism(), all);
const violations = hunted.filter(({ found }) => found !== undefined).length;
say(`${hunted.reduce((sum, { runs }) => sum + runs, 0)} histories, ${violations} violations`);

let missed = 0;
if (values.mutants === "all") {
  const tasks = MUTANTS.map((mutant) => async () => {
    const by = await noticed(mutant);
    if (by === undefined) missed++;
    say(by === undefined ? `NOT NOTICED: ${mutant.name}` : `${mutant.name}: noticed by ${by}`);
  });
  await atATime(availableParallelism(), tasks);
  say(`${MUTANTS.length} mutants, ${missed} not noticed`);
}
process.exitCode = violations === 0 && missed === 0 ? 0 : 1;
