import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { generate } from "../../../scripts/generate-policies.ts";

for (const [file, content] of generate()) {
  const name = file.pathname.split("/").slice(-2).join("/");
  test(`${name} is what simulate says now`, () => {
    // Not assert.equal: printing a page of differences helps nobody.
    assert.ok(readFileSync(file, "utf8") === content, `${name} is stale: run node scripts/generate-policies.ts`);
  });
}
