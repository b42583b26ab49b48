// S28 in our notes on Vector and similar agents: the cost of quiet files. The test counts instead of measuring seconds: polls per
// minute, timers, descriptors and bytes of heap, after all files have been read and are at rest. A minute takes half a second.
import assert from "node:assert/strict";
import fs, { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../../../../src/core/clock.ts";
import { eventually } from "../../../helpers/agent-process.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

const FILES = 5000;
const DIRECTORIES = 100;
const MINUTES = 3;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A clock that counts its running timers. */
function counting(clock: Clock): Clock & { timers: number } {
  const counted = {
    ...clock,
    timers: 0,
    after: (ms: number, run: () => void) => {
      let state: "runs" | "over" = "runs";
      const over = (): void => {
        if (state === "runs") counted.timers--;
        state = "over";
      };
      counted.timers++;
      const timer = clock.after(ms, () => {
        over();
        run();
      });
      return {
        cancel: () => {
          over();
          timer.cancel();
        },
      };
    },
    sleep: async (ms: number, signal?: AbortSignal) => {
      counted.timers++;
      await clock.sleep(ms, signal);
      counted.timers--;
    },
  };
  return counted;
}

/** Counts all calls of the stat functions. A mock would store every call. */
function counted(t: TestContext): () => number {
  let count = 0;
  const names = ["statSync", "fstatSync", "lstatSync"] as const;
  const originals = names.map((name) => fs[name] as (...args: unknown[]) => unknown);
  for (const [n, name] of names.entries())
    Object.assign(fs, { [name]: (...args: unknown[]) => (count++, originals[n]?.(...args)) });
  t.after(() => {
    for (const [n, name] of names.entries()) Object.assign(fs, { [name]: originals[n] });
    syncBuiltinESMExports();
  });
  syncBuiltinESMExports();
  return () => count;
}

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test("S28 5,000 idle files: no descriptors, a look a minute at each, and a handful of timers", async (t) => {
  const looks = counted(t);
  const { dir, intake, run } = bench(t);
  for (let i = 0; i < DIRECTORIES; i++) mkdirSync(join(dir, String(i)));
  const path = (i: number): string => join(dir, String(i % DIRECTORIES), `${i}.log`);
  for (let i = 0; i < FILES; i++) writeFileSync(path(i), `line ${i}\n`);
  const clock = counting(fastClock(120));
  const input = await run({ paths: [join(dir, "*/*.log")] }, { clock });
  const rest = (): boolean => {
    const { files, lagBytes, open } = input.status();
    return files === FILES && lagBytes === 0 && open === 0;
  };
  await eventually("all to be read and closed", rest, 60_000);
  // The time between polls doubles each time, up to a minute.
  await clock.sleep(2 * 60_000);
  const before = { looks: looks(), heap: heap() };
  await clock.sleep(MINUTES * 60_000);
  const after = { looks: looks(), heap: heap() };
  const perMinute = (after.looks - before.looks) / MINUTES;
  assert.ok(perMinute > 0 && perMinute < 1.2 * FILES, `${perMinute} looks a minute`);
  assert.ok(clock.timers <= 10, `${clock.timers} timers`);
  assert.equal(input.status().open, 0);
  assert.ok(after.heap - before.heap < 1 << 20, `the heap grew by ${after.heap - before.heap}`);
  appendFileSync(path(77), "more\n");
  await eventually("what is appended to one of them", () => intake.texts.includes("line 77\nmore\n"));
});
