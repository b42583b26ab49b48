import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { LiveFirst } from "../../../src/cli/backfill/live-first.ts";
import { Arena } from "../../../src/core/arena.ts";
import type { AdminOptions } from "../../../src/core/options.ts";
import { Disk } from "../../buffer/disk.ts";

/** A state directory with its lock held, as by a running agent. */
function locked(t: TestContext): Disk {
  const disk = new Disk(new Arena(65_536));
  t.after(() => disk[Symbol.dispose]());
  return disk;
}

function liveFirst({ db, directory }: Disk, listen: AdminOptions["listen"], said: string[] = []): LiveFirst {
  return new LiveFirst({ listen, directory, db, patienceMs: 10, say: (why) => void said.push(why) });
}

/** Serves the /status of an idle agent, with the fields of `status` replaced. @returns its listen options */
async function agent(t: TestContext, status: object): Promise<AdminOptions["listen"]> {
  const idle = {
    buffer: { mode: "memory" },
    policies: { default: { rung: 0 } },
    inputs: {},
    output: { circuit: "closed" },
  };
  const server = createServer((_, response) => response.end(JSON.stringify({ ...idle, ...status })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

for (const [why, status] of [
  [/is in mode spill$/, { buffer: { mode: "spill" } }],
  [/^ladder default is at block$/, { policies: { default: { rung: 1, action: "block" } } }],
  [/output takes nothing$/, { output: { circuit: "open" } }],
  [/^input app is 9 s behind$/, { inputs: { app: { lag_seconds: 9 } } }],
] as const) {
  test(`what an agent says of itself keeps a backfill waiting, and is said: ${why.source}`, async (t) => {
    const said: string[] = [];
    const live = liveFirst(locked(t), await agent(t, status), said);
    await assert.rejects(live.turn(), { code: "backfill-waits", exit: 75 });
    assert.match(said.join("\n"), why);
  });
}

test("beside an idle agent, and beside none, nothing waits", async (t) => {
  await liveFirst(locked(t), await agent(t, {})).turn();
  const disk = locked(t);
  disk.db.exec(`INSERT INTO heads VALUES (${Array(16).fill(1).join(", ")})`);
  disk.close();
  await liveFirst(disk, "off").turn();
});

test("an agent that runs and does not answer may be too busy to", async (t) => {
  const listen = await agent(t, {});
  const disk = locked(t);
  assert.ok(listen !== "off" && "port" in listen);
  // Nothing listens on this address.
  await assert.rejects(liveFirst(disk, { ...listen, host: "127.0.0.2" }).turn(), /the agent does not answer/);
});

test("where its address is not known, its rows say it", async (t) => {
  const disk = locked(t);
  await liveFirst(disk, { host: "127.0.0.1", port: 0 }).turn();
  disk.db.exec(`INSERT INTO heads VALUES (${Array(16).fill(1).join(", ")})`);
  await assert.rejects(liveFirst(disk, "off").turn(), /buffered records that are not delivered yet/);
});
