// Injects each disk fault at each place: calls on the state files fail or hang while an agent starts, spills, settles, loads,
// reloads and stops. Each time the agent must log the fault, keep running, recover by itself, and deliver everything once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, eventually } from "../helpers/agent-process.ts";
import type { Fault } from "../helpers/failing-disk.ts";
import { LINES, Scene } from "../helpers/failing-scene.ts";

/** Faults that prevent writing the state. */
const WRITING: Readonly<Record<string, readonly Fault[]>> = {
  "writes fail": [{ call: "write", path: "state.db-wal", code: "EIO" }],
  "there is no room": [
    { call: "write", path: "state.db-wal", code: "ENOSPC" },
    { call: "write", path: "state.db", code: "ENOSPC" },
  ],
  "syncing fails": [
    { call: "sync", path: "state.db-wal", code: "EIO" },
    { call: "write", path: "state.db-wal", code: "EIO" },
  ],
};
/** Faults that prevent opening the state for writing. */
const OPENING: Readonly<Record<string, readonly Fault[]>> = {
  ...WRITING,
  "the lock cannot be opened": [{ call: "open", path: "lock.db", code: "EIO" }],
};
/** Faults that also prevent reading the state. */
const READING: readonly Fault[] = [{ call: "open", path: "state.db-wal", code: "EIO" }];

/** A new configuration is refused for the disk, and the agent goes on with the old one. */
async function reloadFails(scene: Scene, agent: AgentProcess): Promise<void> {
  scene.configure("50ms");
  agent.signal("SIGHUP");
  const { msg } = await agent.hears("reload_failed");
  assert.match(msg, /the old one is in force: the state directory \S+ cannot be written now.*; send SIGHUP again/);
  scene.write(100);
  await scene.delivered(agent);
}

// The tests mostly wait, so they run concurrently.
describe("each fault at each place", { concurrency: 3 }, () => {
  test("while it spills and while it settles", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    const { server, disk } = scene;
    await server.change(parseFaults("down"));
    scene.write(LINES);
    const agent = scene.run();
    await scene.spilled(agent);
    for (const [what, faults] of Object.entries(WRITING)) {
      const seen = agent.heard("disk_up").length + agent.heard("disk_room").length;
      disk.set(...faults);
      scene.write(LINES / 4);
      await eventually(
        `it says that ${what}`,
        () => agent.heard("disk_failed").length + agent.heard("disk_full").length > seen,
      );
      disk.set();
      await eventually(
        "it is over",
        () => agent.heard("disk_up").length + agent.heard("disk_room").length > seen,
        40_000,
      );
    }
    await scene.spilled(agent);
    const failed = agent.heard("disk_failed").length;
    disk.set(...(WRITING["writes fail"] as readonly Fault[]));
    await server.change(NO_FAULTS);
    await agent.hears("disk_failed", failed);
    await scene.delivered(agent);
    disk.set();
    await scene.ends(agent);
  });

  test("while it loads: a disk that cannot be read for a while costs nothing", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    const { server, disk, place } = scene;
    await server.change(parseFaults("down"));
    scene.write(4 * LINES);
    const first = scene.run();
    await scene.spilled(first);
    assert.deepEqual(await first.stop(), { code: 0, signal: null }, first.story());
    const agent = scene.run();
    await agent.hears("ready");
    disk.set({ call: "read", path: "state.db", code: "EIO" });
    await server.change(NO_FAULTS);
    await eventually(
      "it says so",
      () => agent.heard("row_unreadable").length + agent.heard("records_reread").length > 0,
    );
    disk.set();
    await scene.ends(agent);
    assert.equal(place.books().losses.records, 0);
  });

  test("while it starts: it starts degraded, delivers rows and files, and is back when the disk is", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    const { server, disk } = scene;
    await server.change(parseFaults("down"));
    scene.write(LINES);
    const first = scene.run();
    await scene.spilled(first);
    await first.kill();
    await server.change(NO_FAULTS);
    disk.set(...READING);
    const refused = scene.run();
    assert.deepEqual(await refused.exited, { code: 75, signal: null }, refused.story());
    assert.match(refused.said.join(), /state directory \S+ can neither be written nor read: .*; look at the disk/);
    for (const [what, faults] of Object.entries(OPENING)) {
      disk.set(...faults);
      const agent = scene.run();
      await agent.hears("ready");
      scene.write(10);
      await scene.delivered(agent).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`));
      await eventually(
        `it says that ${what}`,
        () => agent.heard("disk_failed").length + agent.heard("disk_full").length > 0,
      );
      disk.set();
      await agent.until(`memory after: ${what}`, ({ buffer }) => buffer.mode === "memory", 40_000);
      await agent.kill();
    }
    await scene.ends(scene.run());
  });

  test("while it reloads: the running configuration stays in force, and it is said; then it is made", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    scene.write(100);
    const agent = scene.run();
    await scene.delivered(agent);
    scene.disk.set(...(WRITING["writes fail"] as readonly Fault[]));
    scene.write(100);
    await agent.hears("disk_failed");
    await reloadFails(scene, agent);
    scene.disk.set();
    await agent.hears("disk_up");
    agent.signal("SIGHUP");
    await agent.hears("reloaded");
    await scene.ends(agent);
  });

  test("while it reloads: a disk that has just begun to hang; the running configuration stays in force", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    scene.write(100);
    const agent = scene.run();
    await scene.delivered(agent);
    scene.disk.set(
      { call: "write", path: "state.db-wal", delayMs: 20_000 },
      { call: "sync", path: "state.db-wal", delayMs: 20_000 },
    );
    await reloadFails(scene, agent);
    scene.disk.set();
    await agent.until("the disk works again", ({ buffer }) => buffer.mode === "memory");
    agent.signal("SIGHUP");
    await agent.hears("reloaded");
    await scene.ends(agent);
  });

  test("while it reloads: a disk that begins to hang below the handover, which its last write did not show; it answers, and goes on with the disk", async (t) => {
    const scene = await Scene.of(t);
    if (!scene) return;
    const { disk } = scene;
    scene.write(100);
    const agent = scene.run();
    await scene.delivered(agent);
    // The old agent has opened these files, so only the new one hangs.
    disk.set(...["lock.db", "state.db"].map((path): Fault => ({ call: "open", path, delayMs: 8000 })));
    scene.configure("50ms");
    agent.signal("SIGHUP");
    await eventually("it hangs", () => disk.met);
    scene.write(100);
    assert.ok(await agent.status(), "the endpoint answers");
    disk.set();
    await agent.hears("reloaded");
    await scene.ends(agent);
  });

  for (const [what, faults] of Object.entries({
    "writes fail": WRITING["writes fail"] as readonly Fault[],
    "the disk hangs": [
      { call: "write", path: "state.db-wal", delayMs: 120_000 },
      { call: "sync", path: "state.db-wal", delayMs: 120_000 },
    ],
  } satisfies Record<string, readonly Fault[]>))
    test(`while it stops: ${what}; it ends in time with 0, and the next start delivers the rest`, async (t) => {
      const scene = await Scene.of(t);
      if (!scene) return;
      const { server, disk } = scene;
      await server.change(parseFaults("down"));
      scene.write(LINES);
      const agent = scene.run();
      await scene.spilled(agent);
      disk.set(...faults);
      scene.write(100);
      const since = systemClock.now();
      assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
      t.diagnostic(`ended after ${Math.round(systemClock.now() - since)} ms`);
      assert.equal(agent.heard("stopped").length, 1, agent.story());
      disk.set();
      await server.change(NO_FAULTS);
      await scene.ends(scene.run());
    });
});
