import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { Connection } from "../../../src/ops/admin/connection.ts";
import type { BadRequest, Request } from "../../../src/ops/admin/request.ts";
import { eventually } from "../../helpers/agent-process.ts";

interface Scene {
  readonly client: Socket;
  readonly connection: Connection;
  /** The server's end. */
  readonly socket: Socket;
  readonly requests: Request[];
  readonly refusals: BadRequest[];
  /** What the client has received so far. */
  got(): string;
}

async function scene(t: TestContext): Promise<Scene> {
  const requests: Request[] = [];
  const refusals: BadRequest[] = [];
  const server = createServer({ allowHalfOpen: true });
  const accepted = once(server, "connection");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = (await accepted) as [Socket];
  const connection = new Connection(socket, {
    requested: (_, request) => void requests.push(request),
    refused: (_, why) => void refusals.push(why),
    closed: () => {},
    now: () => 0,
  });
  t.after(() => {
    client.destroy();
    connection.close();
    server.close();
  });
  let text = "";
  client.on("error", () => {});
  client.on("data", (data: Buffer) => (text += data.toString("latin1")));
  return { client, connection, socket, requests, refusals, got: () => text };
}

const HEAD = "GET /status HTTP/1.1\r\nhost: a\r\n\r\n";

test("a request that comes byte by byte is one request, and the next one follows its answer", async (t) => {
  const { client, connection, requests, got } = await scene(t);
  client.setNoDelay(true);
  for (const byte of HEAD) {
    client.write(byte);
    await new Promise(setImmediate);
  }
  await eventually("the request", () => requests.length === 1);
  connection.answer("head ", Buffer.from("body"));
  await eventually("the answer", () => got() === "head body");
  client.write(HEAD);
  await eventually("the second request", () => requests.length === 2);
});

test("while an answer is under way nothing is read", async (t) => {
  const { client, connection, socket, requests } = await scene(t);
  client.write(HEAD);
  await eventually("the request", () => requests.length === 1);
  client.write(Buffer.alloc(32 << 20, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(socket.bytesRead < 256 << 10, `${socket.bytesRead} bytes`);
  assert.equal(requests.length, 1);
  assert.equal(connection.phase, "waiting");
});

test("who pipelines gets one answer", async (t) => {
  const { client, connection, requests, got } = await scene(t);
  const closed = once(client, "close").catch(() => {});
  client.write(HEAD + HEAD + HEAD);
  await eventually("the request", () => requests.length === 1);
  assert.equal(connection.keepAlive, false);
  connection.answer("one", Buffer.alloc(0));
  await closed;
  assert.equal(got(), "one");
  assert.equal(requests.length, 1);
});

test("who closes its half behind a request gets the answer", async (t) => {
  const { client, connection, requests, got } = await scene(t);
  client.end(HEAD);
  await eventually("the request", () => requests.length === 1);
  connection.answer("all of it", Buffer.alloc(0));
  await once(client, "close");
  assert.equal(got(), "all of it");
});

test("a head without an end is refused once, and its sender can read why", async (t) => {
  const { client, connection, refusals, got } = await scene(t);
  client.write("GET / HTTP/1.1\r\n");
  client.write("x: y\r\n".repeat(3000));
  await eventually("the refusal", () => refusals.length > 0);
  connection.answer("too long", Buffer.alloc(0));
  await eventually("the answer", () => got() === "too long");
  assert.deepEqual(
    refusals.map(({ status }) => status),
    [431],
  );
  client.destroy();
  await eventually("the end", () => connection.phase === "closed");
});
