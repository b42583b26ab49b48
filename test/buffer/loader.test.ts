import assert from "node:assert/strict";
import { test } from "node:test";
import { Loader } from "../../src/buffer/loader.ts";
import type { Spool } from "../../src/buffer/spool.ts";
import { silentLog } from "../../src/core/log.ts";
import { Held } from "./held.ts";

test("a few rows are loaded at once, the next when one has ended, however it ended", async () => {
  const held = new Held();
  const rows = ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n"].map((text) => held.add(text));
  held.spill();
  for (const row of rows) held.pageOut(row);
  const asked: number[] = [];
  const answers: ((how: "loaded" | "corrupt" | Error) => void)[] = [];
  const load = (seq: number): Promise<"loaded" | "corrupt"> => {
    asked.push(seq);
    return new Promise((resolve, reject) => answers.push((how) => (how instanceof Error ? reject(how) : resolve(how))));
  };
  const said: string[] = [];
  const log = { ...silentLog, error: (event: string, message: string) => said.push(`${event}: ${message}`) };
  const loader = new Loader(held.state, { load } as unknown as Spool, log);
  const outcomes: string[] = [];
  const fill = (): void => loader.fill((outcome) => outcomes.push(outcome));
  const answer = async (how: "loaded" | "corrupt" | Error): Promise<void> => {
    answers.shift()?.(how);
    await new Promise((resolve) => setImmediate(resolve));
  };
  fill();
  assert.deepEqual(asked, [1, 2, 3, 4]);
  await answer("loaded");
  await answer("corrupt");
  await answer(new Error("no"));
  assert.deepEqual(outcomes, ["loaded", "corrupt", "failed"]);
  assert.match(said.join(), /^row_unreadable: .*: no; trying again$/);
  fill();
  assert.deepEqual(asked.slice(4), [3, 5, 6], "the one that failed first");
  while (answers.length > 0) await answer("loaded");
  assert.deepEqual(
    rows.map((row) => [row.open, row.region !== undefined]),
    [[1, true], [0, false], ...Array.from({ length: 4 }, () => [1, true])],
  );
});
