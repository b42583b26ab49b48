// `npm run histories -- --schedules 100000 --from 1 --mutants all`: runs the real tailer through random histories of files, and
// a quarter as many of copied files, on all cores. With `--mutants all` it also turns off each rule of the tailer in turn;
// the tests must notice that. Each stretch of seeds stops at its first violation, which is printed with its seed.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SEED } from "../test/helpers/seed.ts";
import { MUTANTS, noticed } from "../test/inputs/file/model/mutants.ts";
import { type Hunted, atATime, huntInChild } from "../test/helpers/hunters.ts";

const HUNT = fileURLToPath(new URL("../test/inputs/file/model/hunt.ts", import.meta.url));
/** Seeds per process. */
const STRETCH = 1000;
/** Histories of plain files per history of copied and compressed files, which take longer. */
const COPIES = 4;

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "10000" },
    from: { type: "string", default: String(SEED) },
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
