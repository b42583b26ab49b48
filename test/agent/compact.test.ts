import assert from "node:assert/strict";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { compactWhenIdle } from "../../src/agent/compact.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { eventually } from "../helpers/agent-process.ts";

test("what a start leaves behind is collected once, as soon as nothing is buffered", async () => {
  const clock = new ManualClock();
  let [idle, asked, collections] = [false, 0, 0];
  const observer = new PerformanceObserver((list) => {
    const all = constants.NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE;
    for (const entry of list.getEntries() as (PerformanceEntry & { readonly detail: { readonly flags: number } })[])
      if ((entry.detail.flags & all) !== 0) collections++;
  });
  observer.observe({ entryTypes: ["gc"] });
  compactWhenIdle(clock, () => {
    asked++;
    return idle;
  });
  const later = async (): Promise<number> => {
    clock.advance(10_000);
    // The observer hears of a collection in a later turn of the event loop.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
    return collections;
  };
  assert.deepEqual([await later(), await later(), asked], [0, 0, 2], "busy");
  idle = true;
  await later();
  await eventually("a collection", () => (collections > 0 ? true : undefined));
  await later();
  assert.equal(asked, 3, "it is over");
  observer.disconnect();
});
