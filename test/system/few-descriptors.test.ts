// Few file descriptors: with the minimum that spillway asks for, every function works; with fewer, the agent says how many it
// needs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { wreck } from "../helpers/damage.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import { ROOT } from "../helpers/tree.ts";

const NEEDED = 48;
const REFUSAL = (limit: number): string =>
  `spillway: needs ${NEEDED} file descriptors, the limit is ${limit}; raise LimitNOFILE= of the unit, nofile of the container ` +
  "or `ulimit -Hn` of the shell, best to 65536 [few-descriptors]";

describe("few file descriptors", () => {
  test("as many as it needs: it ships, spills, salvages a damaged database and reloads", async (t) => {
    const place = new Workplace();
    const server = await startSandbox({ keep: "documents" }, systemClock);
    t.after(async () => {
      await server.stop();
      place.remove();
    });
    const configure = (age: string): void =>
      place.configure(server.url, { output: { batch: { age } }, shutdown: { grace: "100ms" } });
    const run = (): AgentProcess => place.runBelow(["prlimit", `--nofile=${NEEDED}`]);
    const lines = new RandomLines();
    let written = 0;
    const write = (): void => {
      for (const name of ["a", "b", "c"]) lines.append(join(place.logs, `${name}.log`), 100);
      written += 300;
    };
    configure("50ms");
    write();
    const first = run();
    await first.until("all delivered", ({ ledger }) => ledger.delivered.records === written);
    await server.change(parseFaults("down"));
    write();
    await first.until("all read", ({ ledger }) => ledger.read.records === written);
    assert.deepEqual(await first.stop(), { code: 0, signal: null }, first.story());

    assert.equal(place.books().rows.records, 300);
    wreck(place.state, 1);
    await server.change(NO_FAULTS);
    const second = run();
    await second.hears("state_salvaged");
    await second.hears("ready");
    configure("60ms");
    second.signal("SIGHUP");
    await second.hears("reloaded");
    write();
    await second.until("all delivered", ({ ledger }) => ledger.delivered.records === written);
    assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.story());
    lines.assertStored(server);
    for (const agent of [first, second])
      for (const event of ["disk_failed", "file_unreadable", "directory_unreadable", "watch_limit"])
        assert.deepEqual(agent.heard(event), [], agent.story());
  });

  for (const limit of [24, 32, NEEDED - 1])
    test(`${limit}: a sentence says how many it needs, and nothing is started`, async (t) => {
      const place = new Workplace();
      t.after(() => place.remove());
      place.configure("http://127.0.0.1:9");
      const agent = place.runBelow(["prlimit", `--nofile=${limit}`]);
      assert.deepEqual(await agent.exited, { code: 78, signal: null }, agent.story());
      assert.deepEqual([agent.said, agent.log], [[REFUSAL(limit)], []]);
    });

  test("20, with which Node itself crashes: the command of the packages says the same", () => {
    const command = join(ROOT, "packaging/spillway.sh");
    const { status, stderr } = spawnSync("prlimit", ["--nofile=20", "sh", command, "run"], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [78, `${REFUSAL(20)}\n`]);
  });
});
