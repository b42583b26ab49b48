// A network mount whose server no longer answers: system calls on its files never return. Everything else must go on, and when
// the server is back, its lines must arrive without help.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, eventually, Workplace } from "../helpers/agent-process.ts";
import { mountNetwork } from "../helpers/fuse.ts";

async function scene(t: TestContext, remote: string): Promise<{ place: Workplace; server: BulkServer }> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: NO_FAULTS }, systemClock);
  t.after(async () => {
    place.remove();
    await server.stop();
  });
  const inputs = [
    { id: "local", paths: [join(place.logs, "*.log")] },
    { id: "remote", paths: [join(remote, "*.log")] },
  ];
  place.configure(server.url, { inputs, output: { batch: { age: "50ms" } }, shutdown: { grace: "1s" } });
  return { place, server };
}

/** Waits until the agent logs that the mount does not answer. */
async function hangs(agent: AgentProcess): Promise<void> {
  await eventually("it is said", () => agent.heard("file_unreadable").some(({ msg }) => /does not answer/.test(msg)));
}

async function delivered(agent: AgentProcess, input: string, records: number): Promise<void> {
  const has = (status: Awaited<ReturnType<AgentProcess["status"]>>): boolean =>
    status?.inputs[input]?.ledger.delivered.records === records;
  await agent.until(`${records} of ${input}`, has, 40_000);
}

test("a network mount hangs: other inputs and the endpoint go on, it is said, and ends by itself", async (t) => {
  const mount = await mountNetwork(t);
  if (mount === undefined) return t.skip("nothing can be mounted here");
  const { place } = await scene(t, mount.point);
  const [local, remote] = [join(place.logs, "a.log"), join(mount.backing, "a.log")];
  for (const file of [local, remote]) appendFileSync(file, "one\n");
  const agent = place.run();
  await delivered(agent, "local", 1);
  await delivered(agent, "remote", 1);
  await mount.hang();
  appendFileSync(remote, "two\n");
  await hangs(agent);
  const url = await agent.url();
  for (let i = 2; i <= 5; i++) {
    appendFileSync(local, `${i}\n`);
    assert.equal((await fetch(`${url}healthz`, { signal: AbortSignal.timeout(5000) })).status, 200);
    await delivered(agent, "local", i);
  }
  await mount.answer();
  await delivered(agent, "remote", 2);
});

test("a stop while a network mount hangs: what is buffered is kept, the agent ends, and the next start delivers all once", async (t) => {
  const mount = await mountNetwork(t);
  if (mount === undefined) return t.skip("nothing can be mounted here");
  const { place, server } = await scene(t, mount.point);
  const [local, remote] = [join(place.logs, "a.log"), join(mount.backing, "a.log")];
  for (const file of [local, remote]) appendFileSync(file, "one\n");
  const agent = place.run();
  await delivered(agent, "local", 1);
  await delivered(agent, "remote", 1);
  await server.change(parseFaults("down"));
  for (const file of [local, remote]) appendFileSync(file, "two\n");
  await agent.until("both are read", ({ ledger }) => ledger.buffered.records === 2);
  await mount.hang();
  appendFileSync(remote, "three\n");
  await hangs(agent);
  const since = systemClock.now();
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  // After a second of grace nothing waits for the mount, which does not answer before the end of this test.
  assert.ok(systemClock.now() - since < 20_000, `${systemClock.now() - since} ms`);
  assert.equal(place.books().rows.records, 2);
  await server.change(NO_FAULTS);
  await mount.answer();
  const next = place.run();
  await delivered(next, "remote", 3);
  await delivered(next, "local", 2);
  assert.deepEqual(await next.stop(), { code: 0, signal: null });
  const messages = server.documents().map(({ source }) => source["message"]);
  assert.deepEqual(messages.toSorted(), ["one", "one", "three", "two", "two"]);
});

test("an agent that starts while a network mount hangs", async (t) => {
  const mount = await mountNetwork(t);
  if (mount === undefined) return t.skip("nothing can be mounted here");
  const { place } = await scene(t, mount.point);
  appendFileSync(join(place.logs, "a.log"), "one\n");
  appendFileSync(join(mount.backing, "a.log"), "one\n");
  await mount.hang();
  const agent = place.run();
  await delivered(agent, "local", 1);
  await mount.answer();
  await delivered(agent, "remote", 1);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});
