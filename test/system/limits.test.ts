// Limits of the system: file descriptors, watches, the queue of file system events, permissions. Every line must still arrive,
// and each limit that was hit is logged once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { openBelow } from "../helpers/open-files.ts";
import { NOBODY } from "../helpers/other-user.ts";

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly lines: Numbered;
  readonly log: (name: string) => string;
  /** Kills the agent after the test if a failed test has left it running. */
  readonly own: (agent: AgentProcess) => AgentProcess;
}

async function scene(t: TestContext): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, { output: { batch: { age: "50ms" } } });
  const own = (agent: AgentProcess): AgentProcess => {
    t.after(() => agent.runs && agent.kill());
    return agent;
  };
  return { place, server, lines: new Numbered(), log: (name) => join(place.logs, `${name}.log`), own };
}

/** Waits until every line is delivered, stops the agent, and checks that each line was stored once. */
async function ends({ server, lines }: Scene, agent: AgentProcess, patienceMs?: number): Promise<void> {
  await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === lines.written, patienceMs);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  lines.assertStored(server);
}

describe("limits of the system", { concurrency: 3 }, () => {
  test("fewer descriptors than busy files: all is read, spool and admin endpoint go on", async (t) => {
    const it = await scene(t);
    const names = Array.from({ length: 300 }, (_, i) => it.log(`${i}`));
    for (const name of names) it.lines.append(name, 20);
    const agent = it.own(it.place.runBelow(["prlimit", "--nofile=64"]));
    await agent.url();
    for (let round = 0; round < 5; round++) {
      for (const name of names) it.lines.append(name, 20);
      assert.ok(await agent.status(), "it answers");
    }
    const held = readdirSync(`/proc/${agent.pid}/fd`).length;
    assert.ok(held < 64, `${held} descriptors`);
    await ends(it, agent);
    assert.deepEqual(agent.heard("disk_failed"), []);
    assert.ok(agent.heard("file_unreadable").length <= 1, agent.story());
  });

  test("fewer descriptors than files with a backlog that are removed: what is gone is counted, the rest is read", async (t) => {
    const it = await scene(t);
    it.place.configure(it.server.url, { output: { batch: { age: "50ms" }, rate: "1MiB" } });
    const names = Array.from({ length: 100 }, (_, i) => it.log(`${i}`));
    for (const name of names) it.lines.append(name, 64, 1024);
    const agent = it.own(it.place.runBelow(["prlimit", "--nofile=64"]));
    await agent.until("the first of it", ({ ledger }) => ledger.delivered.records > 64);
    for (const name of names.slice(10)) rmSync(name);
    const deleted = ({ inputs }: Status): number => inputs["app"]?.unread.deleted ?? 0;
    const last = await agent.until("every byte to be accounted for", (status) => {
      return status.ledger.delivered.bytes + deleted(status) === it.lines.bytes;
    });
    assert.ok(deleted(last) > 0, "some were not open");
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  });

  test("no disk for the buffer and nobody takes anything: files that were read and removed take no disk either", async (t) => {
    const it = await scene(t);
    const inputs = [{ id: "app", paths: [it.log("*")], held: "1KiB" }];
    it.place.configure(it.server.url, { inputs, buffer: { disk: 0 } });
    await it.server.stop();
    it.lines.append(it.log("a"), 1000);
    const agent = it.own(it.place.run());
    await agent.until("all to be read", ({ ledger }) => ledger.buffered.records === it.lines.written);
    // While the file is new, the agent keeps it open.
    rmSync(it.log("a"));
    await agent.until("its end", ({ inputs }) => inputs["app"]?.files === 0);
    await eventually("the descriptor to be given back", () => openBelow(it.place.logs, agent.pid).length === 0);
  });

  const watched = ["unshare", "--user", "--map-root-user", "sh", "-c"];
  const limit = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"';
  const limitable = spawnSync("unshare", [...watched.slice(1), limit, "sh", "true"]).status === 0;
  test(
    "fewer watches than directories: said once, and files are found and read by looking",
    { skip: limitable ? false : "no user namespaces here" },
    async (t) => {
      const it = await scene(t);
      it.place.configure(it.server.url, {
        inputs: [{ id: "app", paths: [join(it.place.logs, "*/*.log")] }],
        output: { batch: { age: "50ms" } },
      });
      for (let i = 0; i < 10; i++) mkdirSync(join(it.place.logs, `${i}`));
      for (let i = 0; i < 10; i++) it.lines.append(it.log(`${i}/a`), 10);
      const agent = it.own(it.place.runBelow([...watched, limit, "sh"]));
      await agent.hears("watch_limit");
      for (let i = 0; i < 10; i++) it.lines.append(it.log(`${i}/a`), 10);
      for (let i = 0; i < 10; i++) it.lines.append(it.log(`${i}/b`), 10);
      await ends(it, agent);
      assert.equal(agent.heard("watch_limit").length, 1);
    },
  );

  test("more events than the kernel keeps: what it forgot is found by looking, and soon", async (t) => {
    const it = await scene(t);
    const quiet = Array.from({ length: 20 }, (_, i) => it.log(`quiet-${i}`));
    for (const name of quiet) it.lines.append(name, 1);
    const agent = it.own(it.place.run());
    await agent.url();
    const [a, b] = [it.log("a"), it.log("b")];
    for (const name of [a, b]) it.lines.append(name, 1);
    await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === it.lines.written);
    // Without events, the quiet files are polled after 14 to 18 s, and some of the twenty not again before 35 s.
    await systemClock.sleep(20_000);
    const flooded = (write: () => void): void => {
      agent.signal("SIGSTOP");
      // Alternates between two files, because an event equal to the one before it is dropped. 16,384 events fit.
      for (let i = 0; i < 10_000; i++) for (const name of [a, b]) it.lines.append(name, 1, 20);
      write();
      agent.signal("SIGCONT");
    };
    flooded(() => quiet.forEach((name) => it.lines.append(name, 1)));
    await agent.until("the quiet ones", ({ ledger }) => ledger.delivered.records === it.lines.written, 10_000);
    flooded(() => {
      for (let i = 0; i < 300; i++) it.lines.append(it.log(`new-${i}`), 1);
    });
    await ends(it, agent, 10_000);
  });

  const root = process.getuid?.() === 0;
  test(
    "a file that another user's agent may not read, and then may",
    { skip: root ? false : "only root can be another user" },
    async (t) => {
      const it = await scene(t);
      const [shut, open] = [it.log("shut"), it.log("open")];
      it.lines.append(shut, 10);
      it.lines.append(open, 10);
      chmodSync(shut, 0o000);
      for (const path of [it.place.root, it.place.logs, it.place.config]) chownSync(path, NOBODY, NOBODY);
      const agent = it.own(it.place.runAsNobody());
      await agent.until("the readable one", ({ ledger }) => ledger.delivered.records === 10);
      await agent.hears("file_unreadable");
      chmodSync(shut, 0o644);
      await agent.until("the other one", ({ ledger }) => ledger.delivered.records === 20);
      await eventually("descriptors to be given back", () => openBelow(it.place.logs, agent.pid).length === 0);
      chmodSync(shut, 0o000);
      it.lines.append(shut, 10);
      it.lines.append(open, 10);
      await agent.until("only the readable one", ({ ledger }) => ledger.delivered.records === 30);
      renameSync(shut, `${shut}.1`);
      chmodSync(`${shut}.1`, 0o644);
      await ends(it, agent);
    },
  );
});
