// An agent on a disk with injected faults, its numbered log lines, and the server that it ships to.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace, eventually } from "./agent-process.ts";
import { FailingDisk } from "./failing-disk.ts";
import { RandomLines } from "./random-lines.ts";

export const LINES = 4000;

export class Scene {
  readonly place = new Workplace();
  readonly lines = new RandomLines();
  readonly server: BulkServer;
  readonly disk: FailingDisk;
  private written = 0;

  private constructor(server: BulkServer, disk: (root: string) => FailingDisk | undefined) {
    this.server = server;
    this.disk = disk(this.place.root) as FailingDisk;
  }

  /** Undefined: no C compiler, and the test is skipped. */
  static async of(t: TestContext): Promise<Scene | undefined> {
    const server = await startSandbox({ keep: "documents" }, systemClock);
    const scene = new Scene(server, (root) => FailingDisk.in(root));
    t.after(async () => {
      await server.stop();
      scene.place.remove();
    });
    if (!scene.disk) {
      t.skip("no C compiler: apt-get install gcc libc6-dev");
      return undefined;
    }
    scene.configure();
    return scene;
  }

  configure(age = "100ms"): void {
    // Small batches, so that most of a backlog is on disk only.
    const batch = { age, bytes: "64KiB" };
    this.place.configure(this.server.url, { shutdown: { grace: "1s" }, output: { batch } });
  }

  run(): AgentProcess {
    return this.place.runAs([], undefined, this.disk.environment);
  }

  write(lines: number): void {
    this.lines.append(join(this.place.logs, "a.log"), lines);
    this.written += lines;
  }

  async delivered(agent: AgentProcess): Promise<void> {
    await agent.until(`${this.written} lines`, ({ ledger }) => ledger.delivered.records >= this.written, 60_000);
  }

  async spilled(agent: AgentProcess): Promise<void> {
    await agent.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
    await eventually("every line in a row", () => this.place.books().rows.records === this.written, 60_000);
  }

  /** Waits until all is delivered, stops the agent, and asserts that every line was stored once and no row is left. */
  async ends(agent: AgentProcess): Promise<void> {
    await this.delivered(agent);
    await agent.until(
      "normal",
      ({ buffer, ledger }) => buffer.mode === "memory" && ledger.buffered.records === 0,
      60_000,
    );
    assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
    this.lines.assertStored(this.server);
    assert.equal(this.place.books().rows.records, 0);
  }
}
