import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EXIT, type SpillwayError } from "../../../src/core/errors.ts";
import { listenOn, type ListenAddress } from "../../../src/ops/admin/listen.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-listen-"));
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

async function listen(address: ListenAddress): Promise<Server> {
  const server = createServer();
  await listenOn(server, address);
  servers.push(server);
  return server;
}

test("a taken port is a temporary failure that names the port", async () => {
  const { port } = (await listen({ host: "127.0.0.1", port: 0 })).address() as AddressInfo;
  await assert.rejects(listen({ host: "127.0.0.1", port }), (error: SpillwayError) => {
    assert.equal(error.code, "admin-port-in-use");
    assert.equal(error.exit, EXIT.temporary);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
    return true;
  });
});

test("an address that this machine does not have may come a little later", async () => {
  const failure = { code: "admin-listen-failed", exit: EXIT.temporary, message: /192\.0\.2\.1:0 .*EADDRNOTAVAIL/ };
  await assert.rejects(listen({ host: "192.0.2.1", port: 0 }), failure);
});

test("a socket that cannot be is a fault of the configuration, and says why", async () => {
  const path = join(directory, "precious");
  writeFileSync(path, "kept");
  for (const [socket, why] of [
    [join(directory, "missing", "admin.sock"), /there is no directory \S+missing$/],
    [join(directory, "x".repeat(100)), /its path has 1\d\d bytes, and 107 is the most/],
    [path, /what is there is no socket, and is not removed$/],
  ] as const) {
    await assert.rejects(listen({ socket }), { code: "admin-listen-failed", exit: EXIT.config, message: why });
  }
  assert.equal(statSync(path).size, 4);
});

test("a unix socket is for owner and group, is not taken from its owner, and goes when the server closes", async () => {
  const socket = join(directory, "admin.sock");
  const server = await listen({ socket });
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  await assert.rejects(listen({ socket }), { code: "admin-port-in-use" });
  assert.equal(existsSync(socket), true);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(existsSync(socket), false);
});

test("a socket left behind by a kill is taken over", async () => {
  const socket = join(directory, "stale.sock");
  const program = `require("net").createServer().listen(${JSON.stringify(socket)}, () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(existsSync(socket), true);
  assert.equal((await listen({ socket })).listening, true);
});
