import assert from "node:assert/strict";
import { test } from "node:test";
import { ASCII, BLOCKS, glyphsFor } from "../../../src/cli/terminal/glyphs.ts";

test("blocks where the locale is UTF-8 and the terminal is no dumb one", () => {
  assert.equal(glyphsFor({ LANG: "C.UTF-8" }), BLOCKS);
  assert.equal(glyphsFor({ LANG: "de_DE.utf8", TERM: "xterm" }), BLOCKS);
  assert.equal(glyphsFor({ LC_ALL: "C", LANG: "C.UTF-8" }), ASCII);
  assert.equal(glyphsFor({ LANG: "C.UTF-8", TERM: "dumb" }), ASCII);
  assert.equal(glyphsFor({}), ASCII);
});
