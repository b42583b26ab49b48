// An outage too long for the memory. Records are spilled to rows, survive kills and the deletion of their files, and are
// delivered exactly once.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

const LINES = 60_000;

test("an outage larger than memory, through kills, with the files deleted before it ends", async () => {
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const place = new Workplace();
  const numbered = new Numbered();
  try {
    await server.change(parseFaults("down"));
    place.configure(server.url, { output: { batch: { bytes: "256KiB" } } });
    const files = ["a.log", "b.log.1", "c.log"].map((name) => join(place.logs, name));
    for (const file of files) numbered.append(file, LINES / files.length, 250);
    const whole = { records: LINES, bytes: numbered.bytes };

    const first = place.run();
    await first.until("mode spill", ({ buffer }) => buffer.mode === "spill");
    await eventually("every line in a row", () => place.books().rows.records === LINES);
    const { buffer, ledger } = await first.until("all read", ({ ledger: { read } }) => read.records === LINES);
    assert.ok(buffer.memory.bytes <= buffer.memory.max);
    assert.deepEqual(ledger.buffered, whole);
    await first.kill();
    for (const file of files) rmSync(file);

    const second = place.run();
    const again = await second.until("ready", () => true);
    assert.equal(again.buffer.mode, "spill");
    assert.deepEqual([again.ledger.read, again.ledger.buffered], [whole, whole]);
    await server.change(parseFaults("rate=10MiB/s,lost=10%"));
    await second.until("half of it delivered", (s) => s.ledger.delivered.records > LINES / 2);
    await second.kill();
    assert.ok(place.books().rows.records > 0, "killed too late");

    await server.change(NO_FAULTS);
    const third = place.run("--once");
    assert.deepEqual(await third.exited, { code: 0, signal: null }, third.story());
    numbered.assertStored(server);
    const { rows, losses } = place.books();
    assert.deepEqual([rows.records, losses.records], [0, 0]);
    for (const agent of [first, second, third]) assert.deepEqual(agent.heard("unexpected_duplicates"), []);
  } finally {
    await server.stop();
    place.remove();
  }
});
