// `spillway run --once` and `spillway drain` as a user runs them: real processes and their exit codes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { drain, run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { runBin } from "./run-bin.ts";

const LINES = 3000;

async function scene(
  t: TestContext,
  faults = "",
): Promise<{ place: Workplace; server: BulkServer; numbered: Numbered }> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, { shutdown: { grace: "100ms" } });
  const numbered = new Numbered();
  numbered.append(join(place.logs, "a.log"), LINES);
  numbered.append(join(place.logs, "b.log"), LINES);
  return { place, server, numbered };
}

test("--once reads every file to its end, delivers all of it and exits 0; again, it repeats nothing", async (t) => {
  const { place, server, numbered } = await scene(t);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await place.run("--once").exited, { code: 0, signal: null });
    numbered.assertStored(server);
  }
  assert.equal(place.books().rows.records, 0);
});

test("what cannot be delivered within the deadline stays in the buffer, exit 75, and drain delivers it", async (t) => {
  const { place, server, numbered } = await scene(t, "down");
  assert.deepEqual(await place.run("--once", "--deadline", "500ms").exited, { code: 75, signal: null });
  assert.equal(place.books().rows.records, 2 * LINES);
  const again = await runBin(["run", "-c", place.config, "--once", "--deadline", "500ms"]);
  assert.equal(again.code, 75);
  assert.match(again.err, /undelivered.*no progress for 500 ms: 6,000 records .* stay in the buffer; .*ECONNREFUSED/);
  await server.change(NO_FAULTS);
  // `drain` reads nothing new: this line is for the next run.
  numbered.append(join(place.logs, "a.log"), 1);
  const { code, err } = await runBin(["drain", "-c", place.config]);
  assert.equal(code, 0, err);
  assert.equal(server.documents().length, 2 * LINES);
  assert.equal(place.books().rows.records, 0);
  assert.deepEqual(await place.run("--once").exited, { code: 0, signal: null });
  numbered.assertStored(server);
});

test("drain of an empty buffer is done at once", async (t) => {
  const { place } = await scene(t);
  assert.equal((await runBin(["drain", "-c", place.config])).code, 0);
});

test("both say when they exit with what", () => {
  for (const command of [run, drain]) assert.deepEqual(Object.keys(command.exits).sort(), ["75", "78"]);
});
