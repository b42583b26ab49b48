// Test scenarios of Filebeat (FB) and of Fluent Bit and related shippers (FLB) that need the whole agent, by their numbers in our
// notes. Every numbered line must be stored once.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { promisify } from "node:util";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly lines: Numbered;
  readonly log: (name: string | number) => string;
}

async function scene(t: TestContext, faults = ""): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const paths = [join(place.logs, "*.log")];
  place.configure(server.url, { inputs: [{ id: "app", paths }], output: { batch: { age: "50ms" } } });
  return { place, server, lines: new Numbered(), log: (name) => join(place.logs, `${name}.log`) };
}

/** Waits until every line is delivered, stops the agent, and checks that each line was stored once. */
async function ends({ place, server, lines }: Scene, agent: AgentProcess): Promise<void> {
  const all = ({ ledger }: Status): boolean => ledger.delivered.records === lines.written;
  await agent.until("all delivered", all, 60_000);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  lines.assertStored(server);
  place.books();
}

const missing = spawnSync("logrotate", ["--version"]).error !== undefined;
const skip = missing ? "no logrotate here: apt-get install logrotate" : false;

// The tests mostly wait, so they run concurrently.
describe("scenarios of Filebeat and Fluent Bit", { concurrency: 4 }, () => {
  test("FB38 200 files with 100 descriptors", async (t) => {
    const it = await scene(t, "down");
    for (let i = 0; i < 200; i++) it.lines.append(it.log(i), 10);
    const agent = it.place.runBelow(["prlimit", "--nofile=100"]);
    await agent.until("all files", ({ inputs }) => inputs["app"]?.files === 200);
    for (let i = 0; i < 200; i++) it.lines.append(it.log(i), 10);
    await it.server.change(NO_FAULTS);
    await ends(it, agent);
    assert.equal(it.place.books().sources.length, 200);
  });

  for (const [name, fault] of [
    ["FB39 closed as idle and written to again while the output is down", "down"],
    ["FB40 the same while every request is answered 429", "429"],
  ] as const)
    test(name, async (t) => {
      const it = await scene(t, fault);
      it.lines.append(it.log("a"), 5000);
      const agent = it.place.run();
      await agent.until("all read", ({ ledger }) => ledger.read.records === 5000);
      await agent.until("the idle file to be closed", ({ inputs }) => inputs["app"]?.open === 0);
      it.lines.append(it.log("a"), 8);
      await agent.until("the rest read", ({ ledger }) => ledger.read.records === 5008);
      assert.equal((await agent.status())?.ledger.delivered.records, 0);
      await it.server.change(NO_FAULTS);
      await ends(it, agent);
    });

  test("FB61 started and stopped four times under load", async (t) => {
    const it = await scene(t);
    const writing = new AbortController();
    const written = (async () => {
      while (!writing.signal.aborted) {
        for (const name of ["a", "b", "c"]) it.lines.append(it.log(name), 60);
        await systemClock.sleep(5);
      }
    })();
    for (let i = 0; i < 4; i++) {
      const agent = it.place.run();
      const before = it.server.store.count();
      await agent.until("some delivered", () => it.server.store.count() > before + 2000);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      assert.match(agent.heard("stopped")[0]?.msg ?? "", /balance 0 records, 0 bytes/);
      it.place.books();
    }
    writing.abort();
    await written;
    const last = it.place.run();
    const { ledger } = await last.until("all", (s) => s.ledger.read.records === it.lines.written);
    assert.equal(ledger.duplicates.records, 0);
    await ends(it, last);
  });

  test("FLB A15 1,000 files, rotated 20 times by the real logrotate", { skip }, async (t) => {
    const it = await scene(t);
    const rules = join(it.place.root, "rules");
    writeFileSync(rules, `${it.place.logs}/*.log {\n  rotate 2\n  create\n}\n`, { mode: 0o644 });
    const agent = it.place.run();
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 1000; i++) it.lines.append(it.log(i), 2);
      if (round === 0) await agent.until("the first lines", ({ ledger }) => ledger.read.records === 2000);
      await promisify(execFile)("logrotate", ["--force", "-s", join(it.place.root, "rotated"), rules]);
      for (let i = 0; i < 1000; i += 10) it.lines.append(`${it.log(i)}.1`, 1);
      await agent.until("all so far", ({ ledger }) => ledger.read.records === it.lines.written);
    }
    await ends(it, agent);
  });

  test("FLB B18 five files of 100,000 lines, rotated whenever they have 256 KiB", async (t) => {
    const it = await scene(t);
    const agent = it.place.run();
    // A file that the agent never saw under its first name would match no pattern after its rotation.
    for (let i = 0; i < 5; i++) it.lines.append(it.log(i), 1, 80);
    await agent.until("the first lines", ({ ledger }) => ledger.read.records === 5);
    let rotations = 0;
    for (let burst = 0; burst < 1000; burst++) {
      const log = it.log(burst % 5);
      it.lines.append(log, 500, 80);
      if (statSync(log).size >= 256 << 10) renameSync(log, `${log}.${++rotations}`);
      if (burst % 20 === 0) await systemClock.sleep(1);
    }
    assert.equal(it.lines.written, 500_005);
    assert.ok(rotations >= 140, `${rotations} rotations`);
    await ends(it, agent);
  });
});
