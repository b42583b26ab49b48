// The state on a file system of a few MiB that is filled by the agent's own backlog or by another program. The agent keeps
// running, logs the problem, stops as usual, and is back to normal within seconds once there is room. Nothing is lost or sent
// twice.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import { SmallDisk, type SmallDiskKind } from "../helpers/small-disk.ts";

const MIB = 1 << 20;
const LINES = 60_000;

class Scene {
  readonly place = new Workplace();
  readonly server: BulkServer;
  readonly disk: SmallDisk;
  readonly lines = new RandomLines();

  private constructor(server: BulkServer, disk: (path: string) => SmallDisk | undefined) {
    this.server = server;
    this.disk = disk(this.place.state) as SmallDisk;
  }

  /** @returns undefined if nothing can be mounted; the test is then skipped */
  static async on(t: TestContext, kind: SmallDiskKind, mib: number): Promise<Scene | undefined> {
    const server = await startSandbox({ keep: "documents" }, systemClock);
    await server.change(parseFaults("down"));
    const scene = new Scene(server, (path) => SmallDisk.mount(kind, mib, path));
    t.after(async () => {
      await server.stop();
      scene.disk?.[Symbol.dispose]();
      scene.place.remove();
    });
    if (!scene.disk) {
      t.skip("nothing can be mounted here");
      return undefined;
    }
    const buffer = { memory: "8MiB", disk: "512MiB" };
    scene.place.configure(server.url, { buffer, shutdown: { grace: "100ms" } });
    return scene;
  }

  write(lines: number): void {
    this.lines.append(join(this.place.logs, "a.log"), lines);
  }
}

// The tests mostly wait, so they run concurrently.
describe("a full disk", { concurrency: 2 }, () => {
  for (const [kind, mib] of [
    ["ext4", 36],
    ["tmpfs", 24],
  ] as const) {
    test(`the agent's own backlog fills ${mib} MiB of ${kind}: it waits, drains, shrinks, and is back to normal`, async (t) => {
      const scene = await Scene.on(t, kind, mib);
      if (!scene) return;
      const { place, server, disk } = scene;
      scene.write(LINES);
      const agent = place.run();
      await agent.until("it blocks", ({ policies }) => policies["default"]?.action === "block", 60_000);
      const held = await agent.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
      assert.ok(disk.free >= 0.04 * mib * MIB, `${disk.free} bytes are left to others`);
      assert.deepEqual([held.ledger.dropped.oldest.records, agent.heard("disk_full").length], [0, 0]);
      assert.match(agent.heard("disk_short")[0]?.msg ?? "", /leaves room for a backlog of \d+ MiB/);
      await server.change(NO_FAULTS);
      await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === LINES, 60_000);
      const since = systemClock.now();
      await agent.until("memory", ({ buffer }) => buffer.mode === "memory");
      await eventually("the file shrinks", () => statSync(join(place.state, "state.db")).size < MIB);
      t.diagnostic(`normal mode and a small file ${Math.round(systemClock.now() - since)} ms after the last delivery`);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      assert.deepEqual([agent.heard("disk_failed"), agent.heard("spool_died")], [[], []]);
      scene.lines.assertStored(server);
      place.books();
    });

    test(`somebody else fills ${kind} to the last byte: rows drain all the same, and a stop is a stop`, async (t) => {
      const scene = await Scene.on(t, kind, mib);
      if (!scene) return;
      const { place, server, disk } = scene;
      scene.write(LINES / 3);
      const first = place.run();
      await first.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
      await eventually("rows", () => place.books().rows.records > LINES / 6, 60_000);
      disk.fill();
      scene.write(100);
      await first.hears("limit_waits");
      assert.deepEqual(await first.stop(), { code: 0, signal: null }, first.story());
      assert.equal(first.heard("stopped").length, 1);

      disk.fill();
      const second = place.run();
      await second.until("ready", () => true);
      disk.fill();
      await server.change(NO_FAULTS);
      await second.until("all delivered", ({ ledger }) => ledger.delivered.records === LINES / 3 + 100, 60_000);
      disk.clear();
      const since = systemClock.now();
      await second.until("normal", ({ buffer, ledger }) => buffer.mode === "memory" && ledger.buffered.records === 0);
      t.diagnostic(`normal mode ${Math.round(systemClock.now() - since)} ms after there was room`);
      assert.deepEqual(await second.stop(), { code: 0, signal: null });
      scene.lines.assertStored(server);
      place.books();
    });
  }
});
