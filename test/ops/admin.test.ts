import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startAdmin, type Admin } from "../../src/ops/admin.ts";
import type { Facts } from "../../src/ops/facts.ts";
import { pages } from "../../src/ops/pages.ts";
import type { Reply } from "../../src/ops/router.ts";
import type { Status } from "../../src/ops/status.ts";
import { parsePrometheus } from "./metrics/prometheus-text.ts";
import { sampleFacts, sampleProcess } from "./sample-facts.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-admin-"));
after(() => rmSync(directory, { recursive: true }));

let facts: Facts = sampleFacts();
let alive = true;
const routes = pages({ facts: () => facts, process: () => sampleProcess, alive: () => alive });
const admin: Admin = await startAdmin({ host: "127.0.0.1", port: 0 }, ["logs.example"], routes);
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

test("over a unix socket it answers the same", async () => {
  const socket = join(directory, "admin.sock");
  const own = await startAdmin({ socket }, [], routes);
  assert.equal(own.url, `unix:${socket}`);
  assert.equal((await ask({ socketPath: socket, path: "/healthz" })).status, 200);
  await own.close();
});

test("closing ends connections that are half-sent or wait for their answer", async () => {
  let asked = (): void => {};
  const waiting = new Promise<void>((resolve) => (asked = resolve));
  const never = (): Promise<Reply> => new Promise(() => asked());
  const own = await startAdmin({ host: "127.0.0.1", port: 0 }, [], new Map([["/never", never]]));
  const ends = ["GET /never HTTP/1.1\r\nhost: localhost\r\n\r\n", "GET /never HT"].map((sent) => {
    const socket = connect(Number(new URL(own.url).port), "127.0.0.1", () => socket.write(sent));
    socket.on("error", () => {});
    return new Promise((resolve) => socket.once("close", resolve));
  });
  await waiting;
  const before = performance.now();
  await own.close();
  await Promise.all(ends);
  assert.ok(performance.now() - before < 2000, "not by a time-out of five seconds");
});
