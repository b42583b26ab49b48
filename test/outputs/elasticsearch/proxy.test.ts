// Proxies: which hosts use a proxy, and that requests really go through it, in the clear and by CONNECT.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createHttp, request as ask } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { SpillwayError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OutputOptions } from "../../../src/core/options.ts";
import { createElasticsearchOutput } from "../../../src/outputs/elasticsearch/output.ts";
import { byProxy, proxyFor } from "../../../src/outputs/elasticsearch/proxy.ts";
import { outputOptions } from "../../helpers/output-options.ts";

const CERT = new URL("../../fixtures/tls/server.pem", import.meta.url).pathname;
const KEY = new URL("../../fixtures/tls/server.key", import.meta.url).pathname;
const TLS = { ca: CERT, cert: undefined, key: undefined, passphrase: undefined, verify: true };

test("the configured proxy is for all hosts, the environment's for some", () => {
  const env = {
    HTTPS_PROXY: "http://p:1",
    HTTP_PROXY: "q:2",
    NO_PROXY: "internal.example, .corp.example,es:9201 10.0.0.1",
  };
  const by = (host: string): string => proxyFor(new URL(host), { url: undefined, env }) ?? "direct";
  assert.equal(by("https://es.example:9200"), "http://p:1");
  assert.equal(by("http://es.example:9200"), "http://q:2");
  for (const host of [
    "https://internal.example",
    "https://a.internal.example",
    "https://x.corp.example",
    "https://es:9201",
    "https://10.0.0.1:9200",
    "https://127.0.0.1:9200",
    "http://localhost:9200",
    "http://[::1]:9200",
  ]) {
    assert.equal(by(host), "direct", host);
  }
  assert.equal(by("https://es:9200"), "http://p:1");
  assert.equal(by("https://notinternal.example"), "http://p:1");
  assert.equal(proxyFor(new URL("http://127.0.0.1"), { url: "http://p", env: {} }), "http://p");
});

test("a variable of the environment that is no URL is named, without its value", () => {
  const hosts = { HTTP_PROXY: "http://es.example:9200", HTTPS_PROXY: "https://es.example:9200" };
  for (const value of ["se cret", "http://", "::::", "socks5://se:cret@p:1"])
    for (const [name, host] of Object.entries(hosts))
      assert.throws(
        () => proxyFor(new URL(host), { url: undefined, env: { [name]: value } }),
        (error: SpillwayError) =>
          error.code === "bad-host" &&
          error.message.startsWith(`${name} in the env`) &&
          !/se.?cret/.test(`${error}${error.hint}`),
      );
  const env = { HTTP_PROXY: "se cret", NO_PROXY: "es.example" };
  assert.equal(proxyFor(new URL("http://es.example"), { url: undefined, env }), undefined, "not needed there");
});

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A real proxy that records the requests it receives. */
function proxy(heard: string[], status = 200): Server {
  const server = createHttp((request, response) => {
    heard.push(`${request.method} ${request.headers["proxy-authorization"] ?? "nobody"}`);
    if (status !== 200) return void response.writeHead(status).end();
    const { method, headers } = request;
    const onward = ask(request.url as string, { method: method as string, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  const open = new Set<Socket>();
  server.on("connect", (request, socket: Socket) => {
    heard.push(`CONNECT ${request.headers["proxy-authorization"] ?? "nobody"}`);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} no\r\n\r\n`);
    const [host, port] = (request.url as string).split(":");
    const onward = connect(Number(port), host, () => socket.write("HTTP/1.1 200 ok\r\n\r\n"));
    for (const end of [socket, onward]) open.add(end.on("error", () => {}));
    socket.pipe(onward).pipe(socket);
  });
  server.on("close", () => open.forEach((socket) => socket.destroy()));
  return server;
}

const elastic: RequestListener = (request, response) => {
  request.resume();
  response.end(
    request.method === "GET"
      ? '{"version":{"number":"9.5.3"}}'
      : '{"errors":false,"items":[{"create":{"status":201}}]}',
  );
};

async function ship(options: Partial<OutputOptions>): Promise<string> {
  const parts = { clock: systemClock, log: silentLog };
  const output = createElasticsearchOutput(outputOptions({ ...options, tls: TLS }), parts);
  try {
    await output.connect(AbortSignal.timeout(10_000));
    const body = Buffer.from('{"create":{"_id":"a"}}\n{"message":"b"}\n');
    return (await output.send("logs", body, 1, AbortSignal.timeout(10_000))).kind;
  } catch (error) {
    return String(error);
  } finally {
    await output.close();
  }
}

test("requests go by the proxy, with its credentials, in the clear and in a tunnel", async (t) => {
  const heard: string[] = [];
  const at = `http://user:hunter2@127.0.0.1:${await listening(t, proxy(heard))}`;
  const plain = await listening(t, createHttp(elastic));
  const secure = await listening(t, createHttps({ cert: readFileSync(CERT), key: readFileSync(KEY) }, elastic));
  const way = { url: at, env: {} };
  assert.equal(await ship({ hosts: [`http://127.0.0.1:${plain}`], proxy: way }), "stored");
  assert.equal(await ship({ hosts: [`https://127.0.0.1:${secure}`], proxy: way }), "stored");
  const whom = `Basic ${Buffer.from("user:hunter2").toString("base64")}`;
  assert.deepEqual([...new Set(heard)], [`GET ${whom}`, `POST ${whom}`, `CONNECT ${whom}`]);
});

test("a proxy that turns away, and one that is not there, are said", async (t) => {
  const port = await listening(t, proxy([], 407));
  const secure = await listening(t, createHttps({ cert: readFileSync(CERT), key: readFileSync(KEY) }, elastic));
  const hosts = [`https://127.0.0.1:${secure}`];
  const refused = await ship({ hosts, proxy: { url: `http://user:hunter2@127.0.0.1:${port}`, env: {} } });
  assert.match(refused, /proxy.*407/i);
  const gone = await ship({ hosts, proxy: { url: "http://user:hunter2@127.0.0.1:1", env: {} } });
  assert.match(gone, /the proxy 127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)/);
  // The same in the clear, where the proxy itself answers.
  const plain = [`http://127.0.0.1:${await listening(t, createHttp(elastic))}`];
  const turned = await ship({ hosts: plain, proxy: { url: `http://user:hunter2@127.0.0.1:${port}`, env: {} } });
  assert.match(turned, /the proxy asks for a user name and a password \(407\)/);
  const away = await ship({ hosts: plain, proxy: { url: "http://user:hunter2@127.0.0.1:1", env: {} } });
  assert.match(away, /127\.0\.0\.1:\d+: the proxy 127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)/);
  for (const text of [refused, gone, turned, away]) assert.doesNotMatch(text, /hunter2/);
});

test("an error is the proxy's only before a connection, and not if the handshake or the tunnel fails", () => {
  const proxy = "http://user:hunter2@proxy:3128";
  for (const why of ["connect ECONNREFUSED 10.0.0.1:3128", "getaddrinfo ENOTFOUND proxy", "no connection within 5 s"])
    assert.equal(byProxy(proxy, why), `the proxy proxy:3128: ${why}`);
  for (const why of [
    "read ECONNRESET",
    "Failed to establish tunnel: 407",
    "self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
  ])
    assert.equal(byProxy(proxy, why), why);
  assert.equal(byProxy(undefined, "connect ECONNREFUSED 10.0.0.1:9200"), "connect ECONNREFUSED 10.0.0.1:9200");
});
