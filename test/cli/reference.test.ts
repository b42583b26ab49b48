import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { references } from "../../scripts/generate-reference.ts";

for (const [file, text] of references()) {
  test(`${file} is what the source says (else: node scripts/generate-reference.ts)`, () => {
    assert.equal(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"), text);
  });
}
