import assert from "node:assert/strict";
import { test } from "node:test";
import { DamageReport } from "../../../src/buffer/loading/damage-report.ts";
import { silentLog } from "../../../src/core/log.ts";
import { Held } from "../held.ts";

test("the first is said at once with its place, the others once a minute", () => {
  using held = new Held();
  const said: string[] = [];
  const say = (event: string, message: string): void => void said.push(`${event}: ${message}`);
  const report = new DamageReport(held.clock, { ...silentLog, warn: say, error: say });
  const chunk = held.add("one\ntwo\n");
  for (let i = 0; i < 1000; i++) report.found(chunk, i % 4 === 3);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^records_corrupt: 2 buffered records \(bytes 0 to 8 of .*\) are damaged on the disk/);
  held.clock.advance(60_000);
  assert.match(said[1] ?? "", /: 1498 more buffered records lost .*, 500 more read again$/);
  held.clock.advance(600_000);
  assert.equal(said.length, 2, "nothing more happened");
  report.found(chunk, true);
  assert.match(said[2] ?? "", /^records_reread: buffered records \(bytes 0 to 8 of/);
});
