// `order: newest`: what is written now is delivered at once, while the backlog of an outage still drains; nothing is lost or
// repeated, also across a reload that changes the order, kill -9 and a restart with the other order.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

/** So many lines are read at once, before the queue spills, if a batch is 1 MiB. */
const BACKLOG = 3500;
const FILES = 20;
/** The backlog takes about 8 s at this rate. The test lifts it long before that. */
const SLOW = parseFaults("rate=256KiB/s");

test("a line that is written after an outage overtakes the backlog, and everything is stored once", async (t) => {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const configure = (order: string, bytes = "32KiB"): void => {
    const output = { order, concurrency: 2, batch: { bytes, age: "50ms" } };
    place.configure(server.url, { output, shutdown: { grace: "0s" } });
  };
  const numbered = new Numbered();
  const log = join(place.logs, "app.log");
  const isStored = (n: number): boolean =>
    server.documents().some(({ source }) => (source["message"] as string).startsWith(`line ${n} `));
  /** Writes a line, and waits until it is stored. @returns how many lines of the backlog were stored before it */
  const overtakes = async (): Promise<number> => {
    const line = numbered.written;
    const since = systemClock.now();
    numbered.append(log, 1);
    await eventually("the new line", () => isStored(line));
    const others = server.documents().length - 1;
    t.diagnostic(`stored after ${Math.round(systemClock.now() - since)} ms, with ${others} of ${BACKLOG} others`);
    return others;
  };
  const allRead = (agent: AgentProcess): Promise<unknown> =>
    agent.until("all is read", ({ ledger }) => ledger.read.records === numbered.written);

  await server.change(parseFaults("down"));
  configure("newest", "1MiB");
  // A reload waits until chunks that are sent in part are complete, so the chunks are small here.
  for (let file = 0; file < FILES; file++) numbered.append(join(place.logs, `${file}.log`), BACKLOG / FILES, 300);
  const outage = place.run();
  await allRead(outage);
  await outage.stop();

  await server.change(SLOW);
  configure("newest");
  const first = place.run();
  await first.until("the first documents", ({ ledger }) => ledger.delivered.records > 0);
  const before = await overtakes();
  assert.ok(before < BACKLOG / 2, "the new line waited for the backlog");
  await first.until("more of the backlog", ({ ledger }) => ledger.delivered.records > before + 1);

  configure("oldest");
  first.signal("SIGHUP");
  await first.hears("reloaded");
  const waits = numbered.written;
  numbered.append(log, 1);
  await allRead(first);
  assert.ok(!isStored(waits), "with the other order a line waits for the backlog");
  await first.kill();

  configure("newest");
  const second = place.run();
  await second.hears("ready");
  assert.ok((await overtakes()) < BACKLOG, "the backlog is still there");
  await server.change(NO_FAULTS);
  await second.until("everything", ({ ledger }) => ledger.buffered.records === 0 && isStored(waits));
  assert.equal((await second.stop()).code, 0);
  numbered.assertStored(server);
  place.books();
});
