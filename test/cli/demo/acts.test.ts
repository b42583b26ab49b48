import assert from "node:assert/strict";
import { test } from "node:test";
import { actAt, ACTS } from "../../../src/cli/demo/acts.ts";
import { SWITCHES } from "../../../src/cli/demo/switches.ts";
import { parseFaults } from "../../../src/sandbox/faults.ts";

/** Columns available beside the curve. */
const PANEL = 27;

test("the acts fill the time, in order, whatever it is", () => {
  for (const total of [20_000, 60_000]) {
    const seen = new Set<number>();
    for (let ms = 0; ms < total; ms += 100) {
      const now = actAt(ms, total);
      assert.ok(now !== undefined && now.endsInMs > 0 && now.endsInMs <= total);
      assert.equal(now.next, ACTS[now.number]);
      seen.add(now.number);
    }
    assert.deepEqual([...seen], [1, 2, 3, 4]);
    assert.equal(actAt(total, total), undefined);
  }
});

test("what the acts say fits beside the curve", () => {
  for (const { announced, sentence } of ACTS) {
    for (const line of [sentence, `next: ${announced[0]}`, `in 59 s, ${announced[1]}`]) {
      assert.ok(line.length <= PANEL, line);
    }
  }
});

test("the sandbox understands every fault of the acts and keys, and the last act heals", () => {
  for (const { faults } of [...ACTS, ...SWITCHES]) parseFaults(faults);
  assert.equal(ACTS.at(-1)?.faults, "");
});
