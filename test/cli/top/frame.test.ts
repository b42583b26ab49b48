import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { ASCII, BLOCKS } from "../../../src/cli/terminal/glyphs.ts";
import { type Size, frame } from "../../../src/cli/top/frame.ts";
import { paint, widthOf } from "../../../src/cli/top/spans.ts";
import { TopState } from "../../../src/cli/top/state.ts";
import { NOW, assertScreen, sampleState } from "./scene.ts";

function shown(state: TopState, columns: number, rows: number, glyphs = ASCII, nowMs = NOW): string[] {
  const size: Size = { columns, rows };
  return frame(state, { size, glyphs, nowMs, where: "http://127.0.0.1:9650" }).map((line) => paint(line, false));
}

test("24 lines of 80 columns show all of it", () => {
  assertScreen("80x24", shown(sampleState(), 80, 24));
});

test("a wide screen shows the last minutes", () => {
  assertScreen("130x34", shown(sampleState(), 130, 34, BLOCKS));
});

test("a small one keeps the verdict and the bar", () => {
  const lines = shown(sampleState(), 40, 10);
  assertScreen("40x10", lines);
  assert.match(lines.join("\n"), /SAMPLE/);
  assert.match(lines.join("\n"), /default +87 %/);
});

test("the other pages", () => {
  for (const [key, name] of [
    ["e", "events"],
    ["l", "losses"],
    ["?", "help"],
  ] as const) {
    const state = sampleState();
    state.key(key);
    assertScreen(name, shown(state, 80, 24));
  }
});

test("numbers that are not of now are said to be stale, and are dim", () => {
  const state = sampleState();
  state.lost = "connect ECONNREFUSED";
  const lines = frame(state, { size: { columns: 80, rows: 24 }, glyphs: ASCII, nowMs: NOW + 12_000, where: "x" });
  assert.match(paint(lines[0] ?? [], false), /stale 12 s, retrying$/);
  assert.ok(lines.flat().every(({ style }) => style === "dim"));
});

test("an agent that stopped, one that is not there, and one that was not asked yet", () => {
  const stopped = sampleState();
  stopped.stopped = true;
  assert.match(shown(stopped, 80, 24)[0] ?? "", /the agent has stopped$/);
  const silent = new TopState();
  assert.match(shown(silent, 80, 24).join("\n"), /asking http:\/\/127\.0\.0\.1:9650/);
  silent.lost = "connect ECONNREFUSED";
  assert.match(shown(silent, 80, 24).join("\n"), /no agent answers at .*: connect ECONNREFUSED/);
});

test("nothing is wider or longer than the screen, whatever its size and page", () => {
  const sizes = fc.record({ columns: fc.integer({ min: 1, max: 250 }), rows: fc.integer({ min: 1, max: 80 }) });
  fc.assert(
    fc.property(sizes, fc.constantFrom("", "e", "l", "?"), fc.boolean(), (size, key, wide) => {
      const state = sampleState();
      if (key !== "") state.key(key);
      const lines = frame(state, { size, glyphs: wide ? BLOCKS : ASCII, nowMs: NOW, where: "x" });
      assert.ok(lines.length <= size.rows);
      for (const line of lines) assert.ok(widthOf(line) <= size.columns);
    }),
  );
});
