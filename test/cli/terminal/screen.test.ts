import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { Screen } from "../../../src/cli/terminal/screen.ts";

const ROWS = 5;
const COLUMNS = 10;

/** What a terminal shows after these writes. Emulates only the features that the screen uses. */
function shown(text: string): string[] {
  let rows = new Array<string>(ROWS).fill("");
  for (const part of text.split("\x1b[").slice(1)) {
    const code = /^[?\d;]*[A-Za-z]/.exec(part)?.[0] ?? "";
    if (code === "2J") rows = rows.map(() => "");
    if (!code.endsWith("H")) continue;
    const row = Number(code.split(";")[0]) - 1;
    rows[row] = part.slice(code.length);
  }
  return rows;
}

test("whatever the frames, the terminal shows the last one, cut to its size", () => {
  const frame = fc.array(fc.stringMatching(/^[a-c]{0,12}$/), { maxLength: 7 });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), (frames) => {
      let written = "";
      const screen = new Screen({ columns: COLUMNS, rows: ROWS, write: (text) => (written += text) });
      for (const lines of frames) screen.draw(lines);
      const last = (frames.at(-1) as string[]).slice(0, ROWS).map((line) => line.slice(0, COLUMNS));
      assert.deepEqual(shown(written), [...last, ...new Array<string>(ROWS - last.length).fill("")]);
    }),
  );
});

test("a frame is one write of what changed, and an equal frame none", () => {
  const writes: string[] = [];
  const screen = new Screen({ columns: COLUMNS, rows: ROWS, write: (text) => writes.push(text) });
  screen.draw(["a", "b", "c"]);
  screen.draw(["a", "B", "c"]);
  screen.draw(["a", "B", "c"]);
  assert.deepEqual(writes.slice(1), ["\x1b[2;1HB\x1b[K"]);
  screen.forget();
  screen.draw(["a", "B", "c"]);
  assert.match(writes.at(-1) as string, /1;1Ha/);
});

for (const ending of ["exit", "throw", "end"]) {
  test(`the user's screen comes back after: ${ending}`, () => {
    const program = new URL("programs/screen.ts", import.meta.url).pathname;
    const { stdout } = spawnSync(process.execPath, [program, ending], { encoding: "utf8" });
    assert.ok(stdout.startsWith("\x1b[?1049h"));
    assert.ok(stdout.endsWith("\x1b[?25h\x1b[?1049l"));
    assert.equal(stdout.split("\x1b[?1049l").length, 2);
  });
}
