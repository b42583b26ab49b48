import assert from "node:assert/strict";
import { statSync } from "node:fs";
import test from "node:test";
import { Agenda, TICK_MS } from "../../../src/inputs/file/agenda.ts";
import { Tail } from "../../../src/inputs/file/tail.ts";

function tails(count: number): Tail[] {
  const stats = statSync(import.meta.filename, { bigint: true });
  return Array.from({ length: count }, (_, i) => new Tail(`/${i}`, stats, 0));
}

test("each comes when it is due, once, also after it was planned anew", () => {
  const agenda = new Agenda();
  const [a, b, c] = tails(3) as [Tail, Tail, Tail];
  agenda.plan(a, TICK_MS);
  agenda.plan(b, 3 * TICK_MS);
  agenda.plan(b, 2 * TICK_MS);
  agenda.plan(c, 10_000);
  const rounds = Array.from({ length: 41 }, () => agenda.next().map((tail) => tail.path));
  assert.deepEqual(rounds.slice(0, 3), [["/0"], ["/1"], []]);
  assert.deepEqual(rounds.slice(39), [["/2"], []]);
  assert.equal(rounds.flat().length, 3);
});
