import assert from "node:assert/strict";
import { test } from "node:test";
import { RowLimit } from "../../../src/buffer/budget/row-limit.ts";
import { silentLog } from "../../../src/core/log.ts";
import { Held } from "../held.ts";

const MIB = 1 << 20;

class Limited extends Held {
  readonly said: string[] = [];
  readonly limit: RowLimit;

  constructor(configured: number) {
    super({ rows: configured });
    const say = (event: string): void => void this.said.push(event);
    this.limit = new RowLimit(this.state, { ...silentLog, info: say, warn: say, error: say }, configured);
  }

  measure(rows: number | undefined, grew = false): number {
    this.limit.measured({ size: 1, rows, deadLetters: { records: 0, bytes: 0 } }, grew);
    return this.state.limits.rows;
  }
}

test("what the disk leaves counts when it is less than what is configured, and is said once", () => {
  using held = new Limited(100 * MIB);
  assert.equal(held.measure(undefined), 100 * MIB);
  assert.equal(held.measure(500 * MIB), 100 * MIB);
  assert.deepEqual(held.said, []);
  assert.equal(held.measure(20 * MIB), 20 * MIB);
  assert.equal(held.measure(19 * MIB), 19 * MIB);
  assert.deepEqual(held.said, ["disk_short"]);
  assert.equal(held.measure(19.5 * MIB), 19 * MIB, "a small rise changes nothing");
  assert.equal(held.measure(21 * MIB), 21 * MIB);
  assert.equal(held.measure(99.9 * MIB), 99.9 * MIB);
  assert.equal(held.measure(200 * MIB), 100 * MIB);
  assert.deepEqual(held.said, ["disk_short", "disk_enough"]);
});

test("no room at all acts like no disk, and is said", () => {
  using held = new Limited(100 * MIB);
  assert.equal(held.measure(0), 0);
  assert.equal(held.state.writes, false);
  assert.equal(held.measure(0), 0);
  assert.equal(held.measure(50 * MIB), 50 * MIB);
  assert.deepEqual(held.said, ["disk_short", "disk_short"]);
});

test("rows that find no room although some was measured wait for ten seconds", () => {
  using held = new Limited(100 * MIB);
  held.state.stored = 3 * MIB;
  held.limit.full(new Error("database or disk is full"));
  assert.equal(held.state.limits.rows, 3 * MIB);
  assert.equal(held.measure(50 * MIB), 3 * MIB);
  held.limit.full(new Error("database or disk is full"));
  held.clock.advance(10_000);
  assert.equal(held.measure(100 * MIB), 100 * MIB);
  assert.deepEqual(held.said, ["disk_full"], "said once");
  held.measure(100 * MIB, true);
  assert.deepEqual(held.said, ["disk_full", "disk_room"]);
});

test("another configuration counts from now on", () => {
  using held = new Limited(100 * MIB);
  held.limit.configure(10 * MIB);
  assert.equal(held.state.limits.rows, 10 * MIB);
  assert.equal(held.measure(50 * MIB), 10 * MIB);
});
