import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../../../src/cli/terminal/table.ts";

test("columns are as wide as their widest cell, numbers to the right", () => {
  const rows = [
    ["name", "n", "path"],
    ["a", "12", "/x"],
  ];
  assert.deepEqual(table(rows, "<><"), ["name   n  path", "a     12  /x"]);
});
