import assert from "node:assert/strict";
import { test } from "node:test";
import { xxh3 } from "../../../src/cli/import/xxh3.ts";

test("the value that Fluent Bit 5.1.1 has written for 31 x and a newline", () => {
  const bytes = Buffer.from(`${"x".repeat(31)}\n`);
  assert.equal(BigInt.asIntN(64, xxh3(bytes)), -4504526217442088660n);
  bytes[0] = 0;
  assert.notEqual(BigInt.asIntN(64, xxh3(bytes)), -4504526217442088660n);
});
