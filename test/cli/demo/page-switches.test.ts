import assert from "node:assert/strict";
import { test } from "node:test";
import { PageSwitches, switchPage } from "../../../src/cli/demo/page-switches.ts";
import { SWITCHES } from "../../../src/cli/demo/switches.ts";
import type { Request } from "../../../src/ops/admin/request.ts";

test("a key of the page does what the same key at the keyboard does, and any other nothing", () => {
  const switches = new PageSwitches();
  const taken: string[] = [];
  switches.connect(({ label }) => taken.push(label));
  const [path, page] = switchPage(switches.press);
  assert.equal(path, "/demo/switch");
  assert.equal(page.method, "POST");
  const press = (query: string): number => page.answer(new URLSearchParams(query), {} as Request).status;
  assert.equal(press("key=3"), 204);
  assert.equal(switches.used(), "3");
  assert.equal(press("key=9"), 400);
  assert.equal(press(""), 400);
  assert.equal(switches.used(), "3");
  assert.deepEqual(taken, ["down"]);
  assert.deepEqual(
    switches.all.map(({ label }) => label),
    SWITCHES.map(({ label }) => label),
  );
});
