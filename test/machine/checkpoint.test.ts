// Injects each disk fault while the WAL is checkpointed into the database and the files shrink. Meanwhile rows are settled,
// everything is delivered, and the WAL grows. After the fault the files must shrink by themselves.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually } from "../helpers/agent-process.ts";
import type { Fault } from "../helpers/failing-disk.ts";
import { LINES, Scene } from "../helpers/failing-scene.ts";

const MIB = 1 << 20;

const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  "the database cannot be written": [{ call: "write", path: "state.db", code: "EIO" }],
  "the database cannot be synced": [{ call: "sync", path: "state.db", code: "EIO" }],
  "the database cannot be truncated": [{ call: "truncate", path: "state.db", code: "EIO" }],
  "the WAL cannot be truncated": [{ call: "truncate", path: "state.db-wal", code: "EIO" }],
};

// The tests mostly wait, so they run concurrently.
describe("each fault of a checkpoint", { concurrency: 4 }, () => {
  for (const [what, faults] of Object.entries(FAULTS))
    test(`${what}; all is delivered meanwhile, and the files shrink when it is over`, async (t) => {
      const scene = await Scene.of(t);
      if (!scene) return;
      const { server, disk, place } = scene;
      const size = (name: string): number => statSync(join(place.state, name)).size;
      await server.change(parseFaults("down"));
      scene.write(LINES);
      const agent = scene.run();
      await scene.spilled(agent);
      disk.set(...faults);
      await server.change(NO_FAULTS);
      await scene.delivered(agent);
      await eventually("it has happened", () => disk.met, 60_000);
      scene.write(100);
      await scene.delivered(agent);
      const left = size("state.db") + size("state.db-wal");
      disk.set();
      await eventually("small files", () => size("state.db") < MIB && size("state.db-wal") < MIB, 60_000);
      t.diagnostic(`${left} bytes meanwhile, ${size("state.db") + size("state.db-wal")} when it was over`);

      // The same faults while the agent stops.
      scene.write(100);
      await scene.delivered(agent);
      disk.set(...faults);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
      assert.equal(agent.heard("stopped").length, 1, agent.story());
      disk.set();
      await scene.ends(scene.run());
    });
});
