import assert from "node:assert/strict";
import { test } from "node:test";
import { pressing } from "../../src/buffer/pace.ts";
import { noticeGone } from "../../src/buffer/sources.ts";
import { Held, QUOTAS } from "./held.ts";

test("nothing presses while all is well, nor while nothing can be written", () => {
  const held = new Held();
  held.add("1\n");
  assert.ok(!pressing(held.state));
  held.state.phase = "stopping";
  assert.ok(pressing(held.state));
  held.state.mode = "degraded";
  assert.ok(!pressing(held.state), "a probe has a pace of its own");
});

test("in spill mode half a slice presses, or half a stage where that is less", () => {
  for (const quotas of [{ slice: 2000 }, { stage: 2000 }]) {
    const held = new Held({ quotas });
    held.state.mode = "spill";
    held.add("x".repeat(900));
    assert.ok(!pressing(held.state));
    held.add("x".repeat(900));
    assert.ok(pressing(held.state));
    held.state.mode = "memory";
    assert.ok(!pressing(held.state));
  }
});

test("a file that is gone presses until what it held is safe; bodies of dead letters do before their quota ends", () => {
  const held = new Held();
  held.add("1\n");
  noticeGone(held.state, held.source());
  assert.ok(pressing(held.state));
  held.commit();
  assert.ok(!pressing(held.state));
  held.state.letterBytes = QUOTAS.letters / 2 + 1;
  assert.ok(pressing(held.state));
});
