// A state directory that is not writable at the start, or is removed while the agent runs. The agent logs this, delivers what can
// be read, and writes its state again as soon as it can. Nothing is lost or sent twice.
import assert from "node:assert/strict";
import { cpSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import { SmallDisk, type SmallDiskKind } from "../helpers/small-disk.ts";

const LINES = 6000;

class Scene {
  readonly place = new Workplace();
  readonly lines = new RandomLines();
  readonly server: BulkServer;
  disk: SmallDisk | undefined;
  private folder = "state";

  private constructor(server: BulkServer) {
    this.server = server;
  }

  static async of(t: TestContext): Promise<Scene> {
    const server = await startSandbox({ keep: "documents" }, systemClock);
    const scene = new Scene(server);
    t.after(async () => {
      await server.stop();
      scene.disk?.[Symbol.dispose]();
      scene.place.remove();
    });
    scene.place.configure(server.url, { shutdown: { grace: "100ms" } });
    return scene;
  }

  /**
   * Puts the state directory on a file system of its own.
   * @param folder of the state directory below the mount point; "": the mount point itself
   * @returns false if nothing can be mounted here
   */
  mount(t: TestContext, kind: SmallDiskKind = "tmpfs", folder = "state"): boolean {
    this.disk = SmallDisk.mount(kind, 32, join(this.place.root, "disk"));
    if (this.disk === undefined) t.skip("nothing can be mounted here");
    this.folder = folder;
    const path = this.state;
    this.place.configure(this.server.url, { buffer: { path }, shutdown: { grace: "100ms" } });
    return this.disk !== undefined;
  }

  get state(): string {
    return this.disk ? join(this.disk.path, this.folder) : this.place.state;
  }

  write(lines: number): void {
    this.lines.append(join(this.place.logs, "a.log"), lines);
  }

  /** Starts an agent, and waits until every line is in a row. */
  async spilled(): Promise<AgentProcess> {
    await this.server.change(parseFaults("down"));
    this.write(LINES);
    const agent = this.place.run();
    await agent.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
    await eventually("every line in a row", () => this.place.books(this.state).rows.records === LINES, 60_000);
    return agent;
  }

  async delivered(agent: AgentProcess, lines: number): Promise<void> {
    await agent.until(`${lines} lines delivered`, ({ ledger }) => ledger.delivered.records >= lines, 60_000);
  }

  /** Waits until the buffer is empty, stops the agent, and checks that each line was stored once and no row is left. */
  async ends(agent: AgentProcess): Promise<void> {
    await agent.until(
      "normal",
      ({ buffer, ledger }) => buffer.mode === "memory" && ledger.buffered.records === 0,
      60_000,
    );
    assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
    this.lines.assertStored(this.server);
    assert.equal(this.place.books(this.state).rows.records, 0);
    assert.deepEqual(agent.heard("unexpected_duplicates"), []);
  }
}

// The tests mostly wait, so they run concurrently.
describe("a start on a disk that cannot be written", { concurrency: 2 }, () => {
  test("read-only, with the rows of an agent that was killed: rows and files are delivered, then the disk takes writes again", async (t) => {
    const scene = await Scene.of(t);
    if (!scene.mount(t)) return;
    const first = await scene.spilled();
    await first.kill();
    scene.disk?.remount("ro");
    await scene.server.change(NO_FAULTS);
    const agent = scene.place.run();
    const { msg } = await agent.hears("disk_failed");
    assert.match(msg, /cannot use the state directory \S+: EROFS: read-only file system/);
    scene.write(100);
    await scene.delivered(agent, LINES + 100);
    assert.equal((await agent.status())?.buffer.mode, "degraded");
    scene.disk?.remount("rw");
    await agent.hears("disk_up");
    await scene.ends(agent);
  });

  test("a first start on a full disk: files are delivered, and what was sent is durable when there is room", async (t) => {
    const scene = await Scene.of(t);
    if (!scene.mount(t)) return;
    scene.disk?.fill();
    scene.write(LINES);
    const agent = scene.place.run();
    const { msg } = await agent.hears("disk_failed");
    assert.match(msg, /there is no room on the disk of /);
    await scene.delivered(agent, LINES);
    scene.disk?.clear();
    await agent.hears("disk_up");
    await scene.ends(agent);
    const second = scene.place.run();
    scene.write(100);
    await scene.delivered(second, LINES + 100);
    await scene.ends(second);
  });
});

function isDurable(place: Workplace, lines: number, state = place.state): boolean {
  const { inputs, rows } = place.books(state);
  return inputs[0]?.account.read.records === lines && rows.records === 0;
}

const TAKEN: Readonly<Record<string, (state: string) => void>> = {
  "is removed": (state) => rmSync(state, { recursive: true }),
  "is renamed": (state) => renameSync(state, `${state}.old`),
  "is restored from a copy": (state) => {
    rmSync(state, { recursive: true });
    cpSync(`${state}.copy`, state, { recursive: true });
  },
  "loses its lock": (state) => rmSync(join(state, "lock.db")),
  "loses its database": (state) => rmSync(join(state, "state.db")),
  "gets its database back from a copy": (state) => {
    cpSync(join(`${state}.copy`, "state.db"), join(state, "restored.db"));
    renameSync(join(state, "restored.db"), join(state, "state.db"));
  },
};

test("a state directory that is taken away below a running agent: noticed, and the agent's own state is there again", async (t) => {
  const scene = await Scene.of(t);
  const { place } = scene;
  scene.write(100);
  const first = place.run();
  await scene.delivered(first, 100);
  assert.deepEqual(await first.stop(), { code: 0, signal: null });
  cpSync(place.state, `${place.state}.copy`, { recursive: true });

  const agent = place.run();
  let lines = 100;
  for (const [round, [what, take]] of Object.entries(TAKEN).entries()) {
    await agent.hears("ready");
    const since = systemClock.now();
    take(place.state);
    await agent.hears("disk_failed", round);
    t.diagnostic(`that it ${what}: noticed after ${Math.round(systemClock.now() - since)} ms`);
    scene.write(100);
    const { msg } = await agent.hears("state_home", round);
    assert.equal(/is not this agent's/.test(msg), what.endsWith(" from a copy"), msg);
    await agent.hears("disk_up", round);
    await scene.delivered(agent, (lines += 100));
    await eventually("durable", () => isDurable(place, lines));
  }
  await agent.kill();
  const next = place.run();
  scene.write(100);
  await scene.delivered(next, lines + 100);
  await scene.ends(next);
});

describe("a file system that is unmounted below a running agent", { concurrency: 4 }, () => {
  const CASES = [
    ["ext4", "state", "and comes back with the old state, a folder in it"],
    ["tmpfs", "state", "and comes back empty, where the state was a folder in it"],
    ["tmpfs", "", "and comes back empty, where it was the state directory itself"],
  ] as const;
  for (const [kind, folder, what] of CASES)
    test(`${kind}, ${what}: noticed, said, lines go on from memory, all durable afterwards`, async (t) => {
      const scene = await Scene.of(t);
      if (!scene.mount(t, kind, folder)) return;
      const disk = scene.disk as SmallDisk;
      const { place } = scene;
      const agent = place.run();
      scene.write(100);
      await scene.delivered(agent, 100);
      await eventually("durable", () => isDurable(place, 100, scene.state));

      const since = systemClock.now();
      disk.unmount();
      const { msg } = await agent.hears("disk_failed");
      t.diagnostic(`noticed after ${Math.round(systemClock.now() - since)} ms`);
      assert.match(msg, /unmounted below the running agent/);
      await agent.until("degraded", ({ buffer }) => buffer.mode === "degraded");
      scene.write(100);
      await scene.delivered(agent, 200);
      // Longer than the pause of 2 s between two attempts to write.
      await agent.until("another attempt", () => systemClock.now() - since > 4000);
      assert.deepEqual(readdirSync(disk.path), [], "the mount point is left empty");

      const back = systemClock.now();
      assert.ok(disk.mount());
      await agent.hears("disk_up");
      t.diagnostic(`back after ${Math.round(systemClock.now() - back)} ms`);
      await eventually("durable", () => isDurable(place, 200, scene.state));
      scene.write(100);
      await scene.delivered(agent, 300);
      await eventually("durable", () => isDurable(place, 300, scene.state));
      await agent.kill();
      const next = place.run();
      scene.write(100);
      await scene.delivered(next, 400);
      await scene.ends(next);
    });
});
