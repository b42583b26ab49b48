import assert from "node:assert/strict";
import { test } from "node:test";
import { PACE_MS, pace } from "../../src/buffer/pace.ts";
import { identifySource, noticeGone } from "../../src/buffer/sources.ts";
import { Held, QUOTAS } from "./held.ts";

test("nothing presses while all is well, nor while nothing can be written", () => {
  const held = new Held();
  held.add("1\n");
  assert.equal(pace(held.state), PACE_MS);
  held.state.phase = "stopping";
  assert.equal(pace(held.state), 0);
  held.state.mode = "degraded";
  assert.equal(pace(held.state), PACE_MS, "a probe has a pace of its own");
});

test("in spill mode half a slice presses, or half a stage where that is less", () => {
  for (const quotas of [{ slice: 2000 }, { stage: 2000 }]) {
    const held = new Held({ quotas });
    held.state.mode = "spill";
    held.add("x".repeat(900));
    assert.equal(pace(held.state), PACE_MS);
    held.add("x".repeat(900));
    assert.equal(pace(held.state), 0);
    held.state.mode = "memory";
    assert.equal(pace(held.state), PACE_MS);
  }
});

test("a file that is gone presses until what it held is safe; bodies of dead letters do before their quota ends", () => {
  const held = new Held();
  held.add("1\n");
  noticeGone(held.state, held.source());
  assert.equal(pace(held.state), 0);
  held.commit();
  assert.equal(pace(held.state), PACE_MS);
  held.state.letterBytes = QUOTAS.letters / 2 + 1;
  assert.equal(pace(held.state), 0);
});

test("new sources are committed soon, but not one by one", () => {
  const held = new Held();
  const source = held.source();
  identifySource(held.state, source, { ...source.identity, headLength: 2, headHash: 7 });
  const ms = pace(held.state);
  assert.ok(ms > 0 && ms < PACE_MS / 10);
  held.commit();
  assert.equal(pace(held.state), PACE_MS);
});
