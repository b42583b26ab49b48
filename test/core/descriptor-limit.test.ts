import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { descriptorLimit, limitIn } from "../../src/core/descriptor-limit.ts";

test("the limit is read from what the kernel says", () => {
  const limits = (soft: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}  20000  files\n`;
  assert.equal(limitIn(limits("1024")), 1024);
  assert.equal(limitIn(limits("unlimited")), Infinity);
  assert.equal(limitIn(""), Infinity);
  assert.equal(descriptorLimit(), limitIn(readFileSync("/proc/self/limits", "latin1")));
});
