import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { playRound } from "../../scripts/lib/play-round.ts";
import { PROOF_FILES, isForProof } from "../../scripts/lib/proof-files.ts";
import { ROUNDS, type Round } from "../../scripts/lib/proof-rounds.ts";
import { testFiles } from "../../scripts/lib/test-files.ts";
import { ROOT } from "../helpers/tree.ts";

function proof(...options: string[]): { status: number | null; lines: string[] } {
  // With this variable set, node:test would treat the inner run as part of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ["scripts/proof.ts", ...options], {
    ...{ cwd: ROOT, env, encoding: "utf8" },
  });
  return { status, lines: stdout.trimEnd().split("\n") };
}

test("--list names each round, what it shows and how long it takes: 90 minutes in all", () => {
  const { status, lines } = proof("--list");
  assert.equal(status, 0);
  assert.equal(lines.length, ROUNDS.length);
  for (const [i, { name, shows }] of ROUNDS.entries())
    assert.match(lines[i] ?? "", new RegExp(`^${name} +\\d+ min  ${RegExp.escape(shows)}$`));
  assert.ok(ROUNDS.reduce((sum, { minutes }) => sum + minutes, 0) <= 90);
});

test("a round is played at a scale, from a seed, and its figures are printed and written", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-proof-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const json = join(directory, "deep/proof.json");
  const { status, lines } = proof("histories", "--scale", "0.001", "--seed", "3", "--json", json);
  assert.equal(status, 0, lines.join("\n"));
  assert.equal(lines[0], "seed 3, scale 0.001");
  assert.match(lines[1] ?? "", /^ok +\d+ s  histories: 5 histories, 0 violations$/);
  assert.equal(lines[2], "1 passed, 0 failed");
  const { seed, scale, rounds } = JSON.parse(readFileSync(json, "utf8")) as any;
  assert.deepEqual([seed, scale, rounds.length, rounds[0].name, rounds[0].passed], [3, 0.001, 1, "histories", true]);
});

test("what cannot be understood is refused", () => {
  assert.deepEqual(proof("nothing"), {
    ...{ status: 2, lines: ["no round is called nothing; npm run proof -- --list names them"] },
  });
  assert.equal(proof("--scale", "0").status, 2);
  assert.equal(proof("--seed", "many").status, 2);
});

const ROUND: Round = {
  ...{ name: "one", shows: "something", minutes: 1, figures: /^\d+ done$/ },
  command: (many, seed) => [
    "node",
    "-e",
    `console.log("${many(10)} done"); console.error(process.env.SEED, process.env.KIND); process.exit(${seed})`,
  ],
  environment: () => ({ KIND: "good" }),
};

test("a round that fails shows its end and how it is played again", async () => {
  const outcome = await playRound(ROUND, 0.5, 7);
  assert.deepEqual(
    { ...outcome, seconds: 0, end: [...outcome.end].sort() },
    {
      ...{ name: "one", passed: false, seconds: 0, seed: 7, figures: ["5 done"], end: ["5 done", "7 good"] },
      again: "npm run proof -- one --scale 0.5 --seed 7",
    },
  );
  const good = await playRound(ROUND, 0.01, 0);
  assert.deepEqual([good.passed, good.figures, good.end], [true, ["1 done"], []]);
});

test("every file that only proof runs is there, and is in a round", () => {
  const files = testFiles(ROOT);
  const many = (count: number): number => count;
  const words = ROUNDS.flatMap((round) => round.command(many, 1)).filter((word) => word.startsWith("test/"));
  for (const [place, why] of Object.entries(PROOF_FILES)) {
    assert.ok(why.length > 0 && existsSync(join(ROOT, place)), place);
    const own = files.filter((file) => file.startsWith(place));
    for (const file of own) {
      assert.ok(isForProof(file), file);
      assert.ok(
        words.some((word) => file.includes(word)),
        `${file} is in no round`,
      );
    }
  }
});
