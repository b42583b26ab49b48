// `npm run damage -- --rounds 1000 --agents 100 --full-disk 300 --from 1`: random tests with a damaged state directory or a full
// disk. A round damages a copy of a state directory and salvages it. An agent test damages the directory before the agent
// starts or while it runs. A full-disk test fills the disk under a running agent and frees it again. Each result is compared
// with what was readable. `--minutes` limits each of the three.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SEED } from "../test/helpers/seed.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import { AgentRounds } from "../test/damage/agent-rounds.ts";
import { FullDiskRounds } from "../test/damage/full-disk-rounds.ts";
import { playRound } from "../test/damage/round.ts";
import { makeTemplate } from "../test/damage/template.ts";
import { Dice } from "../test/simulation/violation.ts";

/** Number of full-disk tests in a row on one file system. */
const STORY = 6;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    agents: { type: "string", default: "100" },
    "full-disk": { type: "string", default: "100" },
    minutes: { type: "string", default: "Infinity" },
    from: { type: "string", default: String(SEED) },
  },
});
const from = Number(values.from);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
let failed = 0;

say(`from seed ${from}`);
await rounds();
await agents();
await fullDisks();
say(`${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs tests until the wanted number is reached or the time is up. @returns the number of tests */
async function play(wanted: string, round: (seed: number) => unknown): Promise<number> {
  const until = clock.now() + Number(values.minutes) * 60_000;
  let played = 0;
  for (; played < Number(wanted) && clock.now() < until; played++) {
    try {
      await round(from + played);
    } catch (error) {
      failed++;
      const { message, cause } = error as Error;
      say(`FAILED: seed ${from + played}: ${message}\n${cause instanceof Error ? cause.stack : ""}`);
    }
  }
  return played;
}

async function rounds(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "spillway-damage-"));
  const sum = { rows: 0, kept: 0, intact: 0, back: 0 };
  try {
    const template = makeTemplate(directory, from);
    const played = await play(values.rounds, (seed) => {
      const { rows, kept, intact, back } = playRound(template, seed);
      sum.rows += rows;
      sum.kept += kept;
      sum.intact += intact;
      sum.back += back;
    });
    say(
      `${played} rounds: ${sum.kept} of ${sum.rows} rows kept, ${sum.intact} had intact pages alone, ${sum.back} are back`,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function agents(): Promise<void> {
  const scene = await AgentRounds.make();
  const sum = { lines: 0, stored: 0, intact: 0, doubled: 0 };
  try {
    const played = await play(values.agents, async (seed) => {
      const { lines, stored, intact, doubled } = await scene.play(new Dice(seed));
      sum.lines += lines;
      sum.stored += stored;
      sum.intact += intact;
      sum.doubled += doubled;
    });
    say(
      `${played} agents: ${sum.stored} of ${sum.lines} lines stored, ${sum.intact} could be read, ${sum.doubled} doubled`,
    );
  } finally {
    scene.end();
  }
}

async function fullDisks(): Promise<void> {
  let scene: FullDiskRounds | undefined;
  let lines = 0;
  let longest = 0;
  const played = await play(values["full-disk"], async (seed) => {
    const dice = new Dice(seed);
    scene ??= await FullDiskRounds.make(dice);
    try {
      const round = await scene.play(dice);
      lines += round.lines;
      longest = Math.max(longest, round.normalMs);
      if ((seed - from) % STORY !== STORY - 1) return;
      await scene.end();
      scene = undefined;
    } catch (error) {
      await scene?.end();
      scene = undefined;
      throw error;
    }
  });
  await scene?.end();
  say(`${played} full disks: ${lines} lines stored once; normal at most ${longest} ms after there was room`);
}
