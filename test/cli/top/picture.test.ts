import assert from "node:assert/strict";
import { test } from "node:test";
import { ASCII } from "../../../src/cli/terminal/glyphs.ts";
import { picture } from "../../../src/cli/top/picture.ts";
import { NOW, assertScreen, sampleStatus } from "./scene.ts";

test("one picture has no keys, and no rates that one look cannot know", () => {
  const text = picture(JSON.stringify(sampleStatus()), { columns: 80, glyphs: ASCII, nowMs: NOW, where: "x" });
  assertScreen("picture", text.split("\n"));
  assert.doesNotMatch(text, /q quit/);
  assert.match(text, /in - +kept - +out -/);
});
