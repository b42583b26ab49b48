import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../src/core/log.ts";
import { listenOn } from "../../../src/ops/admin/listen.ts";
import { SocketWatch } from "../../../src/ops/admin/socket-watch.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";

interface Scene {
  readonly socket: string;
  readonly directory: string;
  readonly server: Server;
  readonly watch: SocketWatch;
  /** What was logged, as `event`. */
  readonly said: string[];
  /** Lets the watch look until it has logged this many lines. */
  looks(logged: number): Promise<void>;
  reach(): Promise<Socket>;
}

async function scene(t: TestContext): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), "spillway-socket-"));
  const directory = join(root, "run");
  mkdirSync(directory);
  const socket = join(directory, "admin.sock");
  const clock = new ManualClock();
  const said: string[] = [];
  const server = createServer((client) => void client.on("error", () => {}).write("hello"));
  await listenOn(server, { socket });
  const log = { ...silentLog, warn: (event: string) => void said.push(event) };
  const watch = new SocketWatch({ server, socket, clock, log });
  const clients: Socket[] = [];
  t.after(async () => {
    await watch.stop();
    for (const client of clients) client.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(root, { recursive: true });
  });
  return {
    ...{ socket, directory, server, watch, said },
    async looks(logged) {
      await eventually(`${logged} lines`, () => {
        // The next look is planned only when the last one is over.
        clock.advance(2000);
        return said.length >= logged;
      });
    },
    async reach() {
      const client = connect(socket);
      clients.push(client);
      await once(client, "data");
      return client;
    },
  };
}

test("a socket that was removed is bound again, for owner and group, and open connections stay", async (t) => {
  const { socket, said, looks, reach } = await scene(t);
  const client = await reach();
  for (let n = 1; n <= 2; n++) {
    rmSync(socket);
    await looks(n);
    assert.equal(statSync(socket).mode & 0o777, 0o660);
    await reach();
  }
  assert.deepEqual(said, ["admin_socket_bound", "admin_socket_bound"]);
  assert.equal(client.readyState, "open");
});

test("a socket that is there is left alone, also what somebody else has put there", async (t) => {
  const { socket, said, looks } = await scene(t);
  await looks(0);
  rmSync(socket);
  writeFileSync(socket, "precious");
  await looks(0);
  assert.deepEqual([said, statSync(socket).size], [[], 8]);
});

test("without its directory it is said once, and bound when the directory is back", async (t) => {
  const { directory, said, looks, reach } = await scene(t);
  rmSync(directory, { recursive: true });
  await looks(1);
  await looks(1);
  mkdirSync(directory);
  await looks(2);
  await reach();
  assert.deepEqual(said, ["admin_socket_lost", "admin_socket_bound"]);
});

test("a server that lost its socket closes as any other", async (t) => {
  const { directory, server, watch, said, looks } = await scene(t);
  rmSync(directory, { recursive: true });
  await looks(1);
  await watch.stop();
  await new Promise((resolve) => server.close(resolve));
  await looks(1);
  assert.deepEqual([server.listening, said], [false, ["admin_socket_lost"]]);
});
