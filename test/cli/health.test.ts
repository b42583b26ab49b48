import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, after, test } from "node:test";
import { holdDirectory, lockDirectory } from "../../src/buffer/spool/lock.ts";
import { type Admin, startAdmin } from "../../src/ops/admin/admin.ts";
import { text } from "../../src/ops/admin/router.ts";
import { agentAddress, runArguments } from "../../src/cli/agent/agent-address.ts";
import type { Call } from "../../src/cli/program/command.ts";
import { silentLog } from "../../src/core/log.ts";
import { systemClock } from "../../src/core/clock.ts";
import { runBin } from "./run-bin.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-health-"));
after(() => rmSync(directory, { recursive: true }));

async function agent(t: TestContext, healthy: boolean): Promise<Admin> {
  const page = {
    cost: "none",
    answer: () => (healthy ? text(200, "ok") : text(503, "a loop has stopped turning")),
  } as const;
  const listen = { socket: join(directory, `${healthy}.sock`) };
  const admin = await startAdmin({
    listen,
    hosts: [],
    routes: new Map([["/healthz", page]]),
    clock: systemClock,
    log: silentLog,
  });
  t.after(() => admin.close());
  return admin;
}

test("an agent whose loops turn, one whose loop hangs, and none", async (t) => {
  const well = await agent(t, true);
  const config = join(directory, "a.yml");
  writeFileSync(config, `admin: { listen: "${well.url}" }\noutput: { auth: { api_key: "\${NOT_SET}" } }\n`);
  assert.deepEqual(await runBin(["health", "-c", config]), { code: 0, out: `${well.url}: ok\n`, err: "" });
  const ill = await agent(t, false);
  const { code, out } = await runBin(["health", "--url", ill.url]);
  assert.deepEqual([code, out], [75, `${ill.url}: a loop has stopped turning\n`]);
  const none = await runBin(["health", "--url", "http://127.0.0.1:1"]);
  assert.equal(none.code, 75);
  assert.match(none.err, /no agent answers at http:\/\/127\.0\.0\.1:1.*\[agent-silent\]/);
});

test("where the admin endpoint is off, the lock of the state directory says whether an agent runs", async (t) => {
  const state = join(directory, "state");
  const config = join(directory, "off.yml");
  writeFileSync(config, `inputs: [{ id: a, paths: [/x] }]\noutput: { hosts: ["http://127.0.0.1:1"], index: x }\n`);
  const health = (): ReturnType<typeof runBin> =>
    runBin(["health", "--set", "admin.listen=off", "--set", `buffer.path=${state}`, "-c", config]);
  const said = (text: string): string =>
    `\`admin.listen\` is off, so the agent cannot be asked; its state directory ${state} ${text}\n`;
  const unknown = await health();
  assert.deepEqual(
    [unknown.code, unknown.out],
    [0, said("is missing or cannot be written, so nobody can tell whether it runs")],
  );
  mkdirSync(state, { mode: 0o700 });
  const lock = lockDirectory(state);
  t.after(() => lock.close());
  const running = await health();
  assert.deepEqual([running.code, running.out], [0, said("is in use")]);
  lock.close();
  const ended = await health();
  assert.equal(ended.code, 75);
  assert.match(ended.err, /cannot be asked, and no process uses its state directory \S+state; .*\[agent-silent\]/);
  const frozen = holdDirectory(state);
  t.after(() => frozen?.close());
  const degraded = await health();
  assert.deepEqual([degraded.code, degraded.out], [0, said("is in use")], "an agent that cannot write its state");
});

function address(options: Readonly<Record<string, unknown>>, cmdline = ""): unknown {
  const call = { options: { config: ["/etc/spillway/spillway.yml"], ...options } } as unknown as Call;
  return agentAddress(call, () => cmdline);
}

test("in a container the words of its first process say where", () => {
  const words = [
    "/usr/local/bin/node",
    "--max-semi-space-size=2",
    "/usr/local/bin/spillway",
    "run",
    "--set",
    "admin.listen=0.0.0.0:7",
    "",
  ];
  assert.deepEqual(address({}, words.join("\0")), { host: "127.0.0.1", port: 7 });
  assert.deepEqual(address({}, "/sbin/init\0"), { host: "127.0.0.1", port: 9650 });
  assert.deepEqual(address({ set: ["admin.listen=127.0.0.1:8"] }, words.join("\0")), { host: "127.0.0.1", port: 8 });
  assert.deepEqual(runArguments("node\0/x/spillway.js\0run\0--config=a.yml\0-c\0b\0--set=x=1\0--once\0"), {
    files: ["a.yml", "b"],
    set: ["x=1"],
  });
  assert.equal(runArguments("node\0/x/spillway.js\0check\0"), undefined);
});

test("an address names its port, or is a fault with a way out", () => {
  assert.deepEqual(address({ url: "127.0.0.1:7" }), { host: "127.0.0.1", port: 7 });
  assert.deepEqual(address({ url: "http://[::1]:7/" }), { host: "::1", port: 7 });
  assert.throws(() => address({ url: "ftp://x" }), { code: "usage" });
  assert.throws(() => address({ set: ["admin.listen=127.0.0.1:0"] }), { code: "admin-port-unknown", exit: 78 });
});
