import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { systemClock } from "../../src/core/clock.ts";
import { SpillwayError } from "../../src/core/errors.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import type { BulkServer } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";

async function withSandbox(faults: string, run: (sandbox: BulkServer) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  try {
    await run(sandbox);
  } finally {
    await sandbox.stop();
  }
}

const BODY = '{"create":{"_id":"1"}}\n{"message":"one"}\n{"create":{"_id":"2"}}\n{"message":"two"}\n';

async function post(sandbox: BulkServer, body = BODY): Promise<Response> {
  return fetch(`${sandbox.url}/logs/_bulk?filter_path=errors`, { method: "POST", body });
}

async function json(sandbox: BulkServer, path: string, init: RequestInit = {}): Promise<Record<string, never>> {
  return (await (await fetch(`${sandbox.url}${path}`, init)).json()) as Record<string, never>;
}

test("a curious curl: who, how many, which", async () => {
  await withSandbox("", async (sandbox) => {
    const root = await fetch(sandbox.url);
    assert.equal(root.headers.get("x-elastic-product"), "Elasticsearch");
    assert.equal(((await root.json()) as { version: { number: string } }).version.number, "8.19.0");
    assert.deepEqual(await (await post(sandbox)).json(), { errors: false });
    assert.equal((await json(sandbox, "/logs/_count"))["count"], 2);
    assert.equal((await json(sandbox, "/_count"))["count"], 2);
    const query = JSON.stringify({ query: { ids: { values: ["2", "7"] } } });
    const { hits } = (await json(sandbox, "/logs/_search", { method: "POST", body: query })) as never as {
      hits: { total: { value: number }; hits: { _id: string; _source: unknown }[] };
    };
    assert.equal(hits.total.value, 1);
    assert.deepEqual(hits.hits[0]?._source, { message: "two" });
    assert.equal((await fetch(`${sandbox.url}/_unknown`)).status, 400);
  });
});

test("gzip in and gzip out", async () => {
  await withSandbox("", async (sandbox) => {
    const many = Array.from({ length: 500 }, (_, i) => `{"create":{"_id":"${i}"}}\n{}\n`).join("");
    const http = process.getBuiltinModule("node:http");
    const packed = await new Promise<Buffer>((resolve, reject) => {
      const headers = { "content-encoding": "gzip", "accept-encoding": "gzip" };
      const request = http.request(`${sandbox.url}/logs/_bulk`, { method: "POST", headers }, (response) => {
        assert.equal(response.headers["content-encoding"], "gzip");
        response.toArray().then((parts) => resolve(Buffer.concat(parts as Buffer[])), reject);
      });
      request.on("error", reject);
      request.end(gzipSync(many));
    });
    const answer = JSON.parse(gunzipSync(packed).toString()) as { items: unknown[] };
    assert.equal(answer.items.length, 500);
    assert.equal(sandbox.store.count("logs"), 500);
  });
});

test("a body in pieces without a length", async () => {
  await withSandbox("", async (sandbox) => {
    const http = process.getBuiltinModule("node:http");
    const status = await new Promise((resolve, reject) => {
      const request = http.request(`${sandbox.url}/logs/_bulk`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      for (let i = 0; i < 50; i++) request.write(`{"create":{"_id":"${i}"}}\n{"message":"${"x".repeat(5000)}"}\n`);
      request.end();
    });
    assert.equal(status, 200);
    assert.equal(sandbox.store.count("logs"), 50);
  });
});

test("a malformed body is 400", async () => {
  await withSandbox("", async (sandbox) => {
    const answer = await post(sandbox, "nonsense\n{}\n");
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /illegal_argument_exception/);
  });
});

test("faults are switched from outside too, and shown", async () => {
  await withSandbox("", async (sandbox) => {
    const set = (faults: string): Promise<Response> =>
      fetch(`${sandbox.url}/_sandbox/faults`, { method: "PUT", body: faults });
    assert.deepEqual(await (await set("429=50%")).json(), { faults: "429=50%" });
    assert.deepEqual([(await post(sandbox)).status, (await post(sandbox)).status], [200, 429]);
    const wrong = await set("slwo=1s");
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /slwo/);
    const state = await json(sandbox, "/_sandbox");
    assert.equal(state["faults"], "429=50%");
    assert.equal(state["requests"], 2);
    assert.equal(state["failed"], 1);
  });
});

test("slow answers take their time, and bytes theirs", async () => {
  await withSandbox("slow=60ms", async (sandbox) => {
    const started = performance.now();
    await post(sandbox);
    assert.ok(performance.now() - started >= 55);
    await sandbox.change(parseFaults(`rate=${BODY.length * 10}B/s`));
    const restarted = performance.now();
    await Promise.all([post(sandbox), post(sandbox)]);
    assert.ok(performance.now() - restarted >= 190);
  });
});

test("down: nobody listens; it comes back by itself on its port", async () => {
  await withSandbox("", async (sandbox) => {
    const { url } = sandbox;
    await sandbox.change(parseFaults("down=100ms"));
    await assert.rejects(fetch(url));
    let back: Response | undefined;
    while (back === undefined) back = await fetch(url).catch(() => undefined);
    assert.equal(back.status, 200);
    assert.equal(sandbox.url, url);
  });
});

test("a port in use is a clear fault", async () => {
  await withSandbox("", async (sandbox) => {
    const port = Number(new URL(sandbox.url).port);
    await assert.rejects(
      startSandbox({ port }, systemClock),
      (error) => error instanceof SpillwayError && error.code === "sandbox-listen" && /EADDRINUSE/.test(error.message),
    );
  });
});
