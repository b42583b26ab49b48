// `npm run model -- --schedules 1000000 --from 1 --mutants all`: the real buffer against its adversary, on all cores; part
// of the schedules on real SQLite, some as a load that never ends. With `--mutants all` each rule of the buffer is turned
// off in turn, and must be missed. Stops each stretch of seeds at its first violation, which is named with its seed.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Hunted, Kind } from "../test/model/hunt.ts";
import { atATime, huntInChild } from "../test/model/hunters.ts";
import { MUTANTS, huntMutant } from "../test/model/mutants.ts";

const HUNT = fileURLToPath(new URL("../test/model/hunt.ts", import.meta.url));
/** Seeds of one process. */
const STRETCH: Readonly<Record<Kind, number>> = { memory: 2500, sqlite: 50, load: 10 };

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "100000" },
    sqlite: { type: "string", default: "300" },
    loads: { type: "string", default: "20" },
    from: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    mutants: { type: "string", default: "none" },
  },
});
const from = Number(values.from);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`${values.schedules} schedules, ${values.sqlite} on SQLite, ${values.loads} loads from seed ${from}`);
const stretches = [
  ...stretch("sqlite", Number(values.sqlite)),
  ...stretch("load", Number(values.loads)),
  ...stretch("memory", Number(values.schedules)),
];
const hunted = await atATime(availableParallelism(), stretches);
const violations = hunted.filter(({ found }) => found !== undefined).length;

let missed = 0;
if (values.mutants === "all") {
  const tasks = MUTANTS.map((mutant) => async () => {
    const { runs, found } = await huntMutant(mutant);
    if (!found) missed++;
    say(found ? `noticed by seed ${found.seed}: ${mutant.name}` : `NOT NOTICED in ${runs} runs: ${mutant.name}`);
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
