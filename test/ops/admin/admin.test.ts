import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, after, test } from "node:test";
import { MAX_CONNECTIONS, startAdmin, type Admin, type AdminParts } from "../../../src/ops/admin/admin.ts";
import { Feed } from "../../../src/ops/events/feed.ts";
import type { Facts } from "../../../src/ops/facts.ts";
import { silentLog } from "../../../src/core/log.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { pages } from "../../../src/ops/admin/pages.ts";
import type { Routes } from "../../../src/ops/admin/router.ts";
import { type Status, statusDocument } from "../../../src/ops/status.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { parsePrometheus } from "../metrics/prometheus-text.ts";
import { sampleFacts, sampleProcess } from "../sample-facts.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-admin-"));
after(() => rmSync(directory, { recursive: true }));

let facts: Facts = sampleFacts();
let alive = true;
const feed = new Feed({ clock: systemClock, status: () => statusDocument(facts, sampleProcess) });
const routes = pages({ facts: () => facts, process: () => sampleProcess, alive: () => alive, feed });
const start = (own: Routes, listen: AdminParts["listen"] = { host: "127.0.0.1", port: 0 }): Promise<Admin> =>
  startAdmin({ listen, hosts: ["logs.example"], routes: own, clock: systemClock, log: silentLog });
const admin: Admin = await start(routes);
after(() => admin.close());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent: false, ...options }, (response) => {
      let text = "";
      response.on("data", (data: Buffer) => (text += data.toString()));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const { port } = new URL(admin.url);
const get = (path: string, more: RequestOptions = {}): Promise<Answer> =>
  ask({ host: "127.0.0.1", port, path, ...more });

test("/status is the document of the moment of the request", async () => {
  facts = sampleFacts();
  const { status, headers, body } = await get("/status");
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "application/json");
  assert.equal((JSON.parse(body) as Status).uptime_seconds, 12.346);
  facts = sampleFacts({ uptimeMs: 99_000 });
  assert.equal((JSON.parse((await get("/status")).body) as Status).uptime_seconds, 99);
});

test("/metrics parses and has the numbers of /status", async () => {
  facts = sampleFacts();
  const { headers, body } = await get("/metrics");
  assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
  const lag = parsePrometheus(body).samples.find(
    (sample) => sample.name === "spillway_input_lag_bytes" && sample.labels["input"] === "nginx",
  );
  const status = JSON.parse((await get("/status")).body) as Status;
  assert.equal(lag?.value, status.inputs["nginx"]?.lag_bytes);
});

test("/healthz follows the loops, /readyz the state, strictly also the ladders", async () => {
  const codes = async (): Promise<(number | undefined)[]> => [
    (await get("/healthz")).status,
    (await get("/readyz")).status,
    (await get("/readyz?policy=strict")).status,
  ];
  const calm = new Map([...facts.policies].filter(([, policy]) => !policy.shedding));
  facts = sampleFacts({ policies: calm });
  assert.deepEqual(await codes(), [200, 200, 200]);
  facts = sampleFacts();
  assert.deepEqual(await codes(), [200, 200, 503]);
  for (const state of ["starting", "stopping"] as const) {
    facts = sampleFacts({ state, policies: calm });
    assert.deepEqual(await codes(), [200, 503, 503]);
  }
  alive = false;
  assert.equal((await get("/healthz")).status, 503);
  alive = true;
});

test("HEAD sends the same headers and no body", async () => {
  const whole = await get("/status");
  const head = await get("/status", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.body, "");
  assert.equal(head.headers["content-length"], whole.headers["content-length"]);
  const stream = await get("/events", { method: "HEAD" });
  assert.deepEqual(
    [stream.status, stream.body, stream.headers["content-type"]],
    [200, "", "text/event-stream; charset=utf-8"],
  );
});

test("every answer forbids caching, sniffing and framing, and none allows another origin", async () => {
  for (const path of ["/", "/status", "/nothing"]) {
    const { headers } = await get(path, { headers: { origin: "http://evil.example" } });
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
});

test("wrong hosts, methods, paths and bodies are refused", async () => {
  assert.equal((await get("/status", { headers: { host: "evil.example" } })).status, 403);
  assert.equal((await get("/status", { headers: { host: "logs.example:80" } })).status, 200);
  const posted = await get("/status", { method: "DELETE" });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers["allow"], "GET, HEAD");
  assert.equal((await get("/nothing")).status, 404);
  const withBody = await ask({ host: "127.0.0.1", port, path: "/status", method: "POST" }, "x".repeat(100));
  assert.equal(withBody.status, 413);
  assert.equal(withBody.headers["connection"], "close");
});

test("headers beyond the limit are refused", async () => {
  const { status } = await get("/status", { headers: { "x-long": "a".repeat(10_000) } });
  assert.equal(status, 431);
});

test("a fault in a page is an answer, not the end of the agent", async () => {
  const healthy = facts;
  facts = undefined as unknown as Facts;
  assert.equal((await get("/status")).status, 500);
  facts = healthy;
  assert.equal((await get("/status")).status, 200);
});

test("over a unix socket it answers again after somebody has removed the socket", async (t) => {
  const socket = join(directory, "removed.sock");
  const clock = new ManualClock();
  const own = await startAdmin({ listen: { socket }, hosts: [], routes, clock, log: silentLog });
  t.after(() => own.close());
  rmSync(socket);
  clock.advance(2000);
  await eventually("the socket", () => existsSync(socket));
  assert.equal((await ask({ socketPath: socket, path: "/healthz" })).status, 200);
});

test("over a unix socket it answers the same", async () => {
  const socket = join(directory, "admin.sock");
  const own = await start(routes, { socket });
  assert.equal(own.url, `unix:${socket}`);
  assert.equal((await ask({ socketPath: socket, path: "/healthz" })).status, 200);
  await own.close();
});

test("closing ends connections that are half-sent, and those whose answer is not read", async () => {
  const big = "x".repeat(8 << 20);
  const own = await start(
    new Map([["/big", { cost: "none", answer: () => ({ status: 200, type: "x/y", body: big }) }]]),
  );
  const clients = await Promise.all(
    ["GET /big HTTP/1.1\r\nhost: localhost\r\n\r\n", "GET /big HT"].map(async (sent) => {
      const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(sent);
      return socket;
    }),
  );
  await once(clients[0] as Socket, "readable");
  const before = performance.now();
  await own.close();
  await Promise.all(clients.map((socket) => new Promise((resolve) => socket.resume().once("close", resolve))));
  assert.ok(performance.now() - before < 2000, "not by a time-out of five seconds");
});

interface Crowd {
  readonly clock: ManualClock;
  readonly port: number;
  /** Opens this many connections, and resolves when they are connected. */
  join(n: number, sent?: string): Promise<Socket[]>;
}

async function crowd(t: TestContext): Promise<Crowd> {
  const clock = new ManualClock();
  const own = await startAdmin({ listen: { host: "127.0.0.1", port: 0 }, hosts: [], routes, clock, log: silentLog });
  const clients: Socket[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await own.close();
  });
  const at = Number(new URL(own.url).port);
  return {
    clock,
    port: at,
    async join(n, sent = "") {
      const fresh = Array.from({ length: n }, () => connect(at, "127.0.0.1"));
      clients.push(...fresh);
      for (const client of fresh) client.on("error", () => {});
      await Promise.all(fresh.map((client) => once(client, "connect")));
      for (const client of fresh) client.write(sent);
      return fresh;
    },
  };
}

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

test("a connection that does not ask within five seconds ends, and one that asks does not", async (t) => {
  const { clock, port: at, join } = await crowd(t);
  const [slow] = await join(1, "GET / HT");
  await eventually("an answer", async () => (await ask({ host: "127.0.0.1", port: at, path: "/healthz" })).status);
  clock.advance(4000);
  const [fresh] = await join(1, GET("/healthz"));
  await once(fresh as Socket, "data");
  clock.advance(2000);
  await new Promise((resolve) => (slow as Socket).resume().once("close", resolve));
  (fresh as Socket).write(GET("/healthz"));
  await once(fresh as Socket, "data");
});

test("where there is no place left, the one that has been idle longest makes room", async (t) => {
  const { clock, port: at, join } = await crowd(t);
  const [oldest] = await join(1);
  await eventually("an answer", async () => (await ask({ host: "127.0.0.1", port: at, path: "/healthz" })).status);
  clock.advance(10);
  const others = await join(MAX_CONNECTIONS - 2);
  const ends = new Promise((resolve) => (oldest as Socket).resume().once("close", resolve));
  assert.equal((await ask({ host: "127.0.0.1", port: at, path: "/healthz" })).status, 200);
  await join(1);
  assert.equal((await ask({ host: "127.0.0.1", port: at, path: "/healthz" })).status, 200);
  await ends;
  assert.ok(others.every((client) => !client.closed));
});

test("when too many wait for pages, the next is told so and probes are answered", async (t) => {
  const { port: at, join } = await crowd(t);
  // The clock stands still, so after the first page the next one never gets its turn.
  const waiting = await join(33, GET("/status"));
  await once(waiting[0] as Socket, "data");
  await eventually(
    "a refusal",
    async () => (await ask({ host: "127.0.0.1", port: at, path: "/status" })).status === 503,
  );
  assert.equal((await ask({ host: "127.0.0.1", port: at, path: "/healthz" })).status, 200);
});
