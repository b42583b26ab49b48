// `npm run simulation -- --schedules 1000000 --from 1 --mutants all`: runs the whole engine through adversarial schedules on
// all cores, some of them with the database in files. With `--mutants all` it also turns off each rule of the engine in turn;
// the tests must notice that. Each stretch of seeds stops at its first violation, which is printed with its seed.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SEED } from "../test/helpers/seed.ts";
import { type Hunted, atATime, huntInChild } from "../test/helpers/hunters.ts";
import type { Kind } from "../test/simulation/hunt.ts";
import { MUTANTS, noticed } from "../test/simulation/mutants.ts";

const HUNT = fileURLToPath(new URL("../test/simulation/hunt.ts", import.meta.url));
/** Seeds per process. */
const STRETCH: Readonly<Record<Kind, number>> = { memory: 500, files: 50 };

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "20000" },
    files: { type: "string", default: "300" },
    from: { type: "string", default: String(SEED) },
    mutants: { type: "string", default: "none" },
  },
});
const from = Number(values.from);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`${values.schedules} schedules, ${values.files} more in files, from seed ${from}`);
const stretches = [...stretch("files", Number(values.files)), ...stretch("memory", Number(values.schedules))];
const hunted = await atATime(availableParallelism(), stretches);
const violations = hunted.filter(({ found }) => found !== undefined).length;

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
say(`${hunted.reduce((sum, { runs }) => sum + runs, 0)} schedules, ${violations} violations`);
process.exitCode = violations === 0 && missed === 0 ? 0 : 1;

function stretch(kind: Kind, count: number): (() => Promise<Hunted>)[] {
  const starts = Array.from({ length: Math.ceil(count / STRETCH[kind]) }, (_, i) => i * STRETCH[kind]);
  return starts.map((start) => async () => {
    const result = await huntInChild(HUNT, kind, Math.min(STRETCH[kind], count - start), from + start);
    if (result.found) say(`VIOLATION (${kind}, seed ${result.found.seed}): ${result.found.violation}`);
    return result;
  });
}
