import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ASCII, BLOCKS, glyphsFor } from "../../../src/cli/terminal/glyphs.ts";
import { SWITCHES } from "../../../src/cli/demo/switches.ts";
import { COLUMNS, renderDemo, ROWS } from "../../../src/cli/demo/view.ts";
import { play } from "./played.ts";

/** Compares with a stored screen. `UPDATE_SCREENS=1` rewrites the screens; read them before you commit them. */
function sameAsKept(name: string, lines: readonly string[]): void {
  const path = new URL(`screens/${name}.txt`, import.meta.url);
  const text = `${lines.join("\n")}\n`;
  if (process.env["UPDATE_SCREENS"]) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
}

const MOMENTS = { start: 0, calm: 6000, slow: 25_000, overload: 44_000, heal: 58_000 };

for (const [name, ms] of Object.entries(MOMENTS)) {
  test(`the screen: ${name}`, () => sameAsKept(name, renderDemo(play(ms), ASCII)));
}

test("the screen in a UTF-8 locale", () => sameAsKept("overload-blocks", renderDemo(play(44_000), BLOCKS)));

test("the screen after a key", () => {
  const view = { ...play(44_000), act: undefined, switched: SWITCHES[1] };
  sameAsKept("switched", renderDemo(view, ASCII));
});

test("at every moment it is 24 lines of at most 80 columns", () => {
  play(90_000, (view) => {
    for (const glyphs of [ASCII, BLOCKS]) {
      const lines = renderDemo(view, glyphs);
      assert.equal(lines.length, ROWS);
      for (const line of lines) assert.ok([...line].length <= COLUMNS, line);
    }
  });
});

test("a ledger that is not equal is called a bug on the screen", () => {
  const view = play(44_000);
  view.status.ledger.balance.records = 3;
  assert.match(renderDemo(view, ASCII).join("\n"), /balance 3 records, 0 bytes: BUG/);
});

test("the locale decides about the characters", () => {
  assert.equal(glyphsFor({ LANG: "C.UTF-8" }), BLOCKS);
  assert.equal(glyphsFor({ LANG: "C.UTF-8", LC_ALL: "C" }), ASCII);
  assert.equal(glyphsFor({ LANG: "en_US.utf8", TERM: "dumb" }), ASCII);
  assert.equal(glyphsFor({}), ASCII);
});
