// What `spillway setup` writes to a server, tested against a server that records its requests.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { loadText } from "../../../../src/config/load.ts";
import { systemClock } from "../../../../src/core/clock.ts";
import { Api, at } from "../../../../src/outputs/elasticsearch/probe/api.ts";
import { plan, put, type Plan } from "../../../../src/outputs/elasticsearch/setup/setup.ts";

type Table = Readonly<Record<string, readonly [status: number, json: unknown]>>;

async function serverWith(t: TestContext, table: Table, heard: string[] = []): Promise<string> {
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url?.split("?")[0]}`;
    heard.push(asked);
    request.resume().on("end", () => {
      const [status, json] = table[asked] ?? [request.method === "PUT" ? 200 : 404, { acknowledged: true }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ES = (number: string): Table => ({ "GET /": [200, { version: { number } }] });
const OPENSEARCH: Table = { "GET /": [200, { version: { number: "3.8.0", distribution: "opensearch" } }] };

async function planFor(t: TestContext, table: Table, output: object = {}, retention?: string): Promise<Plan> {
  const url = await serverWith(t, table);
  const inputs = [
    { id: "Web", paths: ["/a"], index: "logs-{input}-{date:yyyy.MM}" },
    { id: "b", paths: ["/b"] },
    { id: "c", paths: ["/c"] },
  ];
  const text = JSON.stringify({ inputs, output: { hosts: [url], ...output } });
  const { config } = loadText("x.yml", text, { env: {}, cwd: "/" });
  const api = new Api(config.output, systemClock, AbortSignal.timeout(10_000));
  t.after(() => api.close());
  return plan(api, config, retention);
}

test("one template for all indices, with a data stream and a lifecycle of its own", async (t) => {
  const { server, steps } = await planFor(t, ES("9.5.3"), {}, "30d");
  assert.equal(server, "elasticsearch 9.5.3");
  assert.deepEqual(
    steps.map(({ path }) => path),
    ["/_index_template/spillway"],
  );
  const body = steps[0]?.body;
  assert.deepEqual(at(body, "index_patterns"), ["logs-web-*", "logs-generic-default"]);
  assert.deepEqual(at(body, "data_stream"), {});
  assert.deepEqual(at(body, "template", "lifecycle"), { data_retention: "30d" });
  assert.equal(at(body, "template", "mappings", "properties", "json", "type"), "flattened");
});

test("an older server gets a policy, an index that is no data stream too; OpenSearch has other types and no policy", async (t) => {
  const old = await planFor(t, ES("7.17.29"), {}, "7d");
  assert.deepEqual(
    old.steps.map(({ path }) => path),
    ["/_ilm/policy/spillway", "/_index_template/spillway"],
  );
  assert.equal(at(old.steps[1]?.body, "template", "settings", "index.lifecycle.name"), "spillway");
  const index = await planFor(t, ES("9.5.3"), { operation: "index" });
  assert.equal(at(index.steps[0]?.body, "data_stream"), undefined);
  const open = await planFor(t, OPENSEARCH);
  assert.equal(at(open.steps[0]?.body, "template", "mappings", "properties", "json", "type"), "flat_object");
  await assert.rejects(planFor(t, OPENSEARCH, {}, "7d"), /--retention is not for OpenSearch/);
});

test("a pipeline that is there is left alone, one that is not is made", async (t) => {
  const there: Table = { ...ES("8.19.0"), "GET /_ingest/pipeline/geo": [200, { geo: {} }] };
  assert.equal((await planFor(t, there, { pipeline: "geo" })).steps.length, 1);
  const { steps } = await planFor(t, ES("8.19.0"), { pipeline: "geo" });
  assert.deepEqual(steps[0]?.path, "/_ingest/pipeline/geo");
});

test("what somebody else made is not replaced, and no template is for everything", async (t) => {
  const foreign: Table = {
    ...ES("9.5.3"),
    "GET /_index_template/spillway": [200, { index_templates: [{ name: "spillway", index_template: {} }] }],
  };
  await assert.rejects(planFor(t, foreign), /there and not made by spillway/);
  await assert.rejects(planFor(t, ES("9.5.3"), { index: "{field:x}-logs" }), /would be for every index/);
});

test("a refusal says what the server says and what to do", async (t) => {
  const reason = "index template [spillway] has index patterns matching others";
  const url = await serverWith(t, { "PUT /a": [400, { error: { reason } }], "PUT /b": [403, {}] });
  const { config } = loadText("x.yml", `{ inputs: [{ id: a, paths: [/a] }], output: { hosts: ["${url}"] } }`, {
    env: {},
  });
  const api = new Api(config.output, systemClock, AbortSignal.timeout(10_000));
  t.after(() => api.close());
  await put(api, { what: "x", path: "/c", body: {} });
  await assert.rejects(
    put(api, { what: "x", path: "/a", body: {} }),
    /x was not made: the server answers 400: index template/,
  );
  await assert.rejects(put(api, { what: "x", path: "/b", body: {} }), { hint: /manage_index_templates/ });
});
