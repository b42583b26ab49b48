// `npm run histories -- --schedules 100000 --from 1 --mutants all`: the real tailer through random histories of its files, on
// all cores. With `--mutants all` each rule of the tailer is turned off in turn, and must be missed. Stops each stretch of
// seeds at its first violation, which is named with its seed.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MUTANTS, noticed } from "../test/inputs/file/model/mutants.ts";
import { atATime, huntInChild } from "../test/model/hunters.ts";

const HUNT = fileURLToPath(new URL("../test/inputs/file/model/hunt.ts", import.meta.url));
/** Seeds of one process. */
const STRETCH = 1000;

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

const stretches = Array.from({ length: Math.ceil(count / STRETCH) }, (_, i) => async () => {
  const start = i * STRETCH;
  const hunted = await huntInChild(HUNT, "sound", Math.min(STRETCH, count - start), from + start);
  if (hunted.found) say(`VIOLATION (seed ${hunted.found.seed}): ${hunted.found.violation}`);
  return hunted;
});
const hunted = await atATime(availableParallelism(), stretches);
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
