import assert from "node:assert/strict";
import { test } from "node:test";
import { dropLosses, sampleLosses } from "../../src/buffer/losses.ts";
import { dropOpen } from "../../src/buffer/state.ts";
import { DELIVERED, DROPPED_CORRUPT, DROPPED_OLDEST, DROPPED_RATE, FATES, SAMPLED } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

test("what admission shed by policy is a loss over the chunk's span, sampled ones with their share", () => {
  const held = new Held();
  const one = { records: 1, bytes: 10 };
  const filtered = FATES.indexOf("filtered");
  const chunk = held.add("kept\n", {
    counted: new Map([
      [SAMPLED, one],
      [DROPPED_RATE, one],
      [filtered, one],
    ]),
  });
  const losses = sampleLosses(chunk, 7);
  assert.deepEqual(
    losses.map(({ fate, keep, hashVersion, uncertain }) => [fate, keep, hashVersion, uncertain]),
    [
      [SAMPLED, 4, 1, false],
      [DROPPED_RATE, 0, 0, false],
    ],
    "what a filter wanted gone is no loss",
  );
  for (const { start, end, atMs, path } of losses) assert.deepEqual([start, end, atMs, path], [0, 35, 7, "/a"]);
});

test("what was dropped later is uncertain when an attempt may have stored it", () => {
  const held = new Held();
  const [sure, unsure, stored, corrupt] = ["1\n", "2\n", "3\n", "4\n"].map((text) => held.add(text));
  assert.ok(sure && unsure && stored && corrupt);
  unsure.maybe = true;
  for (const chunk of [sure, unsure]) dropOpen(held.state, chunk, DROPPED_OLDEST);
  dropOpen(held.state, stored, DELIVERED);
  dropOpen(held.state, corrupt, DROPPED_CORRUPT);
  assert.deepEqual(dropLosses(sure, 1)[0], {
    ...{ atMs: 1, input: "a", source: "a", path: "/a", start: 0, end: 2, fate: DROPPED_OLDEST },
    ...{ records: 1, bytes: 2, uncertain: false, keep: 0, hashVersion: 0 },
  });
  assert.equal(dropLosses(unsure, 1)[0]?.uncertain, true);
  assert.deepEqual([dropLosses(stored, 1), dropLosses(corrupt, 1)], [[], []]);
});
