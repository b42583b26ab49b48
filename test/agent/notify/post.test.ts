// Notifications by POST against real servers: which outcomes count as arrived, and that no server can keep the sender waiting.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type RequestListener, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { Outcome } from "../../../src/agent/notify/outcome.ts";
import { post } from "../../../src/agent/notify/post.ts";
import { closedPort, httpAnswer, listenRaw, onHead } from "../../helpers/raw-server.ts";

const TLS = new URL("../../fixtures/tls/", import.meta.url).pathname;
const NEVER = new AbortController().signal;

function send(url: string, signal = NEVER): Promise<Outcome> {
  return post(url, '{"event":"rung_entered"}\n', "spillway/0.0.0", signal);
}

async function listen(t: TestContext, server: Server, scheme = "http"): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (t: TestContext, answer: RequestListener): Promise<string> => listen(t, createServer(answer));

test("the document goes out as JSON by POST, with the credentials of the URL", async (t) => {
  const got: { request: IncomingMessage; body: string }[] = [];
  const url = await serve(t, (request, response) => {
    void text(request).then((body) => {
      got.push({ request, body });
      response.writeHead(204).end();
    });
  });
  const outcome = await send(url.replace("//", "//user:p%40ss@") + "/hook?token=t");
  assert.deepEqual(outcome, { arrived: "yes", says: "answered 204" });
  const [{ request, body } = assert.fail()] = got;
  assert.deepEqual([request.method, request.url, body], ["POST", "/hook?token=t", '{"event":"rung_entered"}\n']);
  const { authorization, connection } = request.headers;
  assert.equal(request.headers["content-type"], "application/json");
  assert.equal(request.headers["user-agent"], "spillway/0.0.0");
  assert.equal(authorization, `Basic ${Buffer.from("user:p@ss").toString("base64")}`);
  assert.equal(connection, "close");
});

test("any other status is a failure, and a redirect leads nowhere", async (t) => {
  let asked = 0;
  const url = await serve(t, (request, response) => {
    asked++;
    const status = Number(request.url?.slice(1));
    response.writeHead(status, { location: "/200" }).end("token hunter2 is unknown");
  });
  for (const status of [400, 404, 429, 500, 503]) {
    assert.deepEqual(await send(`${url}/${status}`), { arrived: "no", says: `answered ${status}` });
  }
  for (const status of [301, 302, 307, 308]) {
    const says = `answered ${status}, a redirect, which is not followed`;
    assert.deepEqual(await send(`${url}/${status}`), { arrived: "no", says });
  }
  assert.equal(asked, 9);
});

test("a host where nobody listens, or with a certificate that nobody signed, has not got it", async (t) => {
  const port = await closedPort();
  const refused = await send(`http://localhost:${port}/hunter2`);
  assert.equal(refused.arrived, "no");
  assert.match(refused.says, /ECONNREFUSED/);
  const [cert, key] = ["server.pem", "server.key"].map((name) => readFileSync(TLS + name));
  const secure = await listen(
    t,
    createTlsServer({ cert, key }, (_, response) => response.end()),
    "https",
  );
  const distrusted = await send(`${secure}/hunter2`);
  assert.equal(distrusted.arrived, "no");
  assert.match(distrusted.says, /certificate/);
  const plain = await send(secure.replace("https", "http"));
  assert.notEqual(plain.arrived, "yes");
  for (const { says } of [refused, distrusted, plain]) assert.doesNotMatch(says, /hunter2/);
});

test("a server that takes it and says nothing may have it: it ends with the signal", async () => {
  await using server = await listenRaw(() => {});
  const stop = new AbortController();
  const sent = send(server.url, stop.signal);
  while (server.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  // By now the request bytes are in the socket.
  const [socket = assert.fail()] = server.sockets;
  await once(socket, "data");
  stop.abort("not done within 10 s");
  assert.deepEqual(await sent, { arrived: "perhaps", says: "not done within 10 s" });
  await once(socket, "close");
});

test("a signal that is aborted already sends nothing", async () => {
  await using server = await listenRaw(() => {});
  const outcome = await send(server.url, AbortSignal.abort("the agent stops"));
  assert.deepEqual(outcome, { arrived: "no", says: "the agent stops" });
  assert.equal(server.sockets.size, 0);
});

test("a connection that ends without an answer, or with nonsense, leaves it open whether it arrived", async () => {
  await using closes = await listenRaw((socket) => onHead(socket, () => socket.end()));
  assert.equal((await send(closes.url)).arrived, "perhaps");
  await using resets = await listenRaw((socket) => onHead(socket, () => socket.resetAndDestroy()));
  assert.equal((await send(resets.url)).arrived, "perhaps");
  await using nonsense = await listenRaw((socket) => onHead(socket, () => socket.end("hunter2\r\n\r\n")));
  const outcome = await send(nonsense.url);
  assert.equal(outcome.arrived, "perhaps");
  assert.doesNotMatch(outcome.says, /hunter2/);
  await using upgrades = await listenRaw((socket) =>
    onHead(socket, () => socket.write("HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")),
  );
  assert.equal((await send(upgrades.url)).arrived, "perhaps");
});

test("the status counts, whatever becomes of the rest of the answer", async () => {
  await using short = await listenRaw((socket) =>
    onHead(socket, () => socket.end("HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nab")),
  );
  assert.deepEqual(await send(short.url), { arrived: "yes", says: "answered 200" });
  // An endless response is cut off.
  let written = 0;
  await using endless = await listenRaw((socket) =>
    onHead(socket, () => {
      socket.write("HTTP/1.1 200 X\r\n\r\n");
      const flood = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65536, "x"))) written += 65536;
      };
      socket.on("drain", flood);
      flood();
    }),
  );
  assert.deepEqual(await send(endless.url), { arrived: "yes", says: "answered 200" });
  assert.ok(written < 64 << 20, `${written} bytes were taken`);
  // A response that stops halfway is given up when the signal aborts.
  const stop = new AbortController();
  await using halts = await listenRaw((socket) =>
    onHead(socket, () => {
      socket.write(httpAnswer(500, "").replace("content-length: 0", "content-length: 9"));
      setTimeout(() => stop.abort("not done within 10 s"), 100);
    }),
  );
  assert.deepEqual(await send(halts.url, stop.signal), { arrived: "no", says: "answered 500" });
});

test("a look-up that hangs holds one thread and no more", async (t) => {
  const mountable = spawnSync("unshare", ["--mount", "true"]).status === 0;
  if (!mountable) return t.skip("nothing can be mounted here");
  // A name server that never answers. It has an address of its own, because its port must be 53.
  const silent = createSocket("udp4");
  const address = `127.${process.pid & 127}.${(process.pid >> 7) & 255}.53`;
  silent.bind(53, address);
  await once(silent, "listening");
  const folder = mkdtempSync(join(tmpdir(), "spillway-post-"));
  t.after(() => {
    silent.close();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "resolv.conf"), `nameserver ${address}\noptions timeout:1 attempts:1\n`);
  const within = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  const program = new URL("programs/post-twice.ts", import.meta.url).pathname;
  const args = ["--mount", "sh", "-c", within, join(folder, "resolv.conf"), process.execPath, program];
  const { stdout } = await promisify(execFile)("unshare", args);
  assert.deepEqual(JSON.parse(stdout), [
    { arrived: "no", says: "not done within 10 s" },
    { arrived: "no", says: "an earlier look-up of a host name has no answer yet" },
  ]);
});
