import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../../src/ops/admin/router.ts";
import { text } from "../../../src/ops/admin/router.ts";
import { SharedPages } from "../../../src/ops/admin/shared-pages.ts";
import { Turns } from "../../../src/ops/admin/turns.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";

/** The first page is made at once. Making it takes time on the clock, so the next requests have to wait. */
function scene() {
  const clock = new (class extends ManualClock {
    busy = 0;
    override now(): number {
      return super.now() + this.busy;
    }
  })();
  const pages = new SharedPages(new Turns(clock));
  const made: string[] = [];
  const got: string[] = [];
  const ask = (name: string, key: string): (() => void) => {
    const make = (): Reply => {
      clock.busy += 10;
      made.push(key);
      return text(200, `${key} ${made.length}`);
    };
    return pages.ask(key, make, ({ body }) => got.push(`${name}: ${body.toString().trim()}`));
  };
  return { ask, made, got, rest: () => clock.advance(30) };
}

test("all who wait for a page get the same one, made after each of them asked", () => {
  const { ask, made, got, rest } = scene();
  ask("a", "/status");
  assert.deepEqual(got, ["a: /status 1"]);
  ask("b", "/status");
  ask("c", "/metrics");
  ask("d", "/status");
  rest();
  assert.deepEqual(got, ["a: /status 1", "b: /status 2", "d: /status 2"]);
  rest();
  assert.deepEqual(got.at(-1), "c: /metrics 3");
  ask("e", "/status");
  rest();
  assert.deepEqual([got.at(-1), made.length], ["e: /status 4", 4]);
});

test("who has left gets nothing, and a page that all have left is not made", () => {
  const { ask, made, got, rest } = scene();
  ask("a", "/status");
  const [b, c] = [ask("b", "/status"), ask("c", "/status")];
  b();
  rest();
  assert.deepEqual(got, ["a: /status 1", "c: /status 2"]);
  c();
  const d = ask("d", "/metrics");
  d();
  rest();
  assert.deepEqual(made, ["/status", "/status"]);
  ask("e", "/metrics");
  rest();
  assert.equal(got.at(-1), "e: /metrics 3");
});
