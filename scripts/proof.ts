// `npm run proof`: plays everything that is too long, too random or too heavy for `.ci/run`, one round after the other, in 90
// minutes at most on two cores. `--list` names the rounds. `npm run proof -- NAME ... --scale 0.1 --seed N` plays some of them,
// shorter, with a seed; without one the seed is new in each run. Prints a line with figures for each round and writes the same
// as JSON (`--json FILE`, by default build/proof.json). A round that fails prints its end and the command that repeats it, and
// the rest goes on; then the exit code is 1. Root installs first what the rounds drive.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { type Outcome, playRound } from "./lib/play-round.ts";
import { PROGRAMS, ROUNDS } from "./lib/proof-rounds.ts";

const { values, positionals: names } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    scale: { type: "string", default: "1" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    json: { type: "string", default: "build/proof.json" },
  },
  allowPositionals: true,
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [scale, seed] = [Number(values.scale), Number(values.seed)];
const unknown = names.filter((name) => !ROUNDS.some((round) => round.name === name));
if (values.list) list();
else if (unknown.length > 0) refuse(`no round is called ${unknown.join(" or ")}; npm run proof -- --list names them`);
else if (!(scale > 0) || !Number.isSafeInteger(seed)) refuse("--scale takes a number above 0, --seed a whole number");
else await proof();

function list(): void {
  for (const { name, minutes, shows } of ROUNDS) say(`${name.padEnd(20)}${String(minutes).padStart(3)} min  ${shows}`);
}

function refuse(why: string): void {
  say(why);
  process.exitCode = 2;
}

async function proof(): Promise<void> {
  say(`seed ${seed}, scale ${scale}`);
  const outcomes: Outcome[] = [];
  const chosen = ROUNDS.filter(({ name }) => names.length === 0 || names.includes(name));
  const installs = process.getuid?.() === 0 && chosen.some(({ needsPrograms }) => needsPrograms);
  for (const round of installs ? [PROGRAMS, ...chosen] : chosen) {
    const outcome = await playRound(round, scale, seed);
    outcomes.push(outcome);
    for (const line of outcome.end) say(`  | ${line}`);
    const result = `${outcome.passed ? "ok    " : "FAILED"} ${String(outcome.seconds).padStart(5)} s  ${outcome.name}`;
    say(`${result}: ${outcome.figures.join("; ")}`);
    if (!outcome.passed) say(`       again: ${outcome.again}`);
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify({ seed, scale, rounds: outcomes }, null, 2)}\n`);
  }
  const failed = outcomes.filter(({ passed }) => !passed);
  say(
    `${outcomes.length - failed.length} passed, ${failed.length} failed${failed.map(({ name }) => `, ${name}`).join("")}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}
