// `losses backfill` after damage on the disk of the state directory. The agent reads damaged rows again only from a log file that
// still is what it was (buffer/spool/rows/reread.ts); what it cannot read so is listed as `corrupt`, and a backfill sends it from
// the compressed file. Afterwards every line is stored exactly once.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../../src/sandbox/faults.ts";
import { Workplace } from "../../helpers/agent-process.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";
import { RandomLines } from "../../helpers/random-lines.ts";
import { runCommand } from "../run-command.ts";

const LINES = 4000;

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly lines: RandomLines;
}

/** An agent that stopped with every line in a row. Its log is compressed now, under a name that no pattern matches. */
async function stopped(t: TestContext): Promise<Scene> {
  const server = await startSandbox({ keep: "documents" }, systemClock);
  await server.change(parseFaults("down"));
  const place = new Workplace();
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const inputs = [{ id: "app", paths: [join(place.logs, "*.log")] }];
  place.configure(server.url, { inputs, shutdown: { grace: "100ms" } });
  const log = join(place.logs, "a.log");
  const lines = new RandomLines();
  lines.append(log, LINES);
  const agent = place.run();
  await agent.until("all is read", ({ ledger }) => ledger.read.records === LINES);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  assert.equal(place.books().rows.records, LINES);
  writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log), { level: 1 }));
  rmSync(log);
  return { place, server, lines };
}

/** Delivers what can be read. @returns the number of records that are lost */
async function deliver({ place, server }: Scene): Promise<number> {
  await server.change(NO_FAULTS);
  const agent = place.run();
  const { ledger } = await agent.until(
    "nothing waits",
    ({ ledger }) => ledger.read.records >= LINES && ledger.buffered.records === 0,
  );
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  assert.equal(agent.heard("records_corrupt").length, 1, agent.story());
  return ledger.dropped.corrupt.records;
}

test("bodies that the agent finds damaged when their turn comes", async (t) => {
  const scene = await stopped(t);
  wreck(scene.place.state, pagesOf(scene.place.state, "bodies", "overflow")[7] as number);
  const lost = await deliver(scene);
  assert.ok(lost > 0 && lost < LINES, `${lost}`);
  const { code, out } = await runCommand("losses", "backfill", "-c", scene.place.config);
  assert.deepEqual([code, /left of input/.test(out)], [0, false], out);
  scene.lines.assertStored(scene.server);
});
