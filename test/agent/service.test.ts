// The process around the agent, tested from inside. Signals and real exits are tested in test/system.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Service } from "../../src/agent/service.ts";
import { loadText } from "../../src/config/load.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";

interface Scene {
  readonly server: BulkServer;
  service(listen: string, deadline?: number): Service;
}

async function scene(t: TestContext): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), "spillway-service-"));
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });
  writeFileSync(join(root, "a.log"), "one\ntwo\n");
  return {
    server,
    service(listen, deadline = 5000) {
      const yaml = `
inputs: [{ id: app, paths: ["${root}/*.log"] }]
buffer: { path: "${root}/state", memory: 8MiB, disk: 32MiB }
output: { hosts: ["${server.url}"], index: logs }
admin: { listen: "${listen}" }
shutdown: { grace: 100ms }
log: { level: error }
`;
      const loaded = loadText("test.yml", yaml, { env: {} });
      const shared = { ...loaded, clock: systemClock, env: {}, version: "0.0.0", reload: () => assert.fail() };
      return new Service({ mode: "once", deadline, ...shared });
    },
  };
}

test("a run with an end delivers and says 0", async (t) => {
  const { server, service } = await scene(t);
  const listeners = process.listenerCount("SIGTERM");
  assert.equal(await service("127.0.0.1:0").run(), 0);
  assert.equal(server.documents().length, 2);
  assert.equal(process.listenerCount("SIGTERM"), listeners, "the signals were given back");
});

test("an address that is taken ends the start with nothing left open or locked", async (t) => {
  const { server, service } = await scene(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  await assert.rejects(service(`127.0.0.1:${port}`).run(), { code: "admin-port-in-use", exit: 75 });
  assert.equal(server.documents().length, 0);
  assert.equal(await service("off").run(), 0);
  taken.close();
});

test("of two on one directory one is turned away, and the other goes on", async (t) => {
  const { server, service } = await scene(t);
  await server.change(parseFaults("slow=2s"));
  const ends = await Promise.allSettled([service("off").run(), service("off").run()]);
  const served = ends.filter((end) => end.status === "fulfilled").map((end) => end.value);
  const refused = ends.filter((end) => end.status === "rejected").map((end) => (end.reason as { code: string }).code);
  assert.deepEqual([served, refused], [[0], ["state-locked"]]);
  assert.equal(server.documents().length, 2);
});
