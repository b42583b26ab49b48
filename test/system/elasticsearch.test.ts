// The real servers that all system tests use, and those of their responses that the output relies on.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loadText } from "../../src/config/load.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Api } from "../../src/outputs/elasticsearch/probe/api.ts";
import { probe } from "../../src/outputs/elasticsearch/probe/probe.ts";
import { plan, put } from "../../src/outputs/elasticsearch/setup/setup.ts";
import { type Elasticsearch, VERSIONS, skipWithout, startElasticsearch } from "../helpers/elasticsearch.ts";

function create(id: string, document: object): string {
  return `${JSON.stringify({ create: { _id: id } })}\n${JSON.stringify(document)}\n`;
}

for (const version of VERSIONS) {
  describe(`Elasticsearch ${version}`, { skip: skipWithout(version) }, () => {
    let server: Elasticsearch;
    before(async () => {
      server = await startElasticsearch(version);
    });
    after(() => server?.stop());

    test("says who it is", async () => {
      const { body } = await server.request("GET", "/");
      assert.equal(body.version.number, version);
    });

    test("stores documents once, by id", async () => {
      const lines = [0, 100, 20].map((offset) =>
        create(`s-${offset}`, { message: `GET /${offset}`, "log.offset": offset }),
      );
      const first = await server.request("POST", "/once/_bulk", lines.join(""));
      assert.deepEqual(
        first.body.items.map((item: any) => item.create.status),
        [201, 201, 201],
      );
      const again = await server.request("POST", "/once/_bulk", lines.slice(0, 1).join(""));
      assert.equal(again.body.items[0].create.status, 409);
      assert.equal(again.body.items[0].create.error.type, "version_conflict_engine_exception");

      assert.equal(await server.count("once"), 3);
      const sorted = await server.search("once", { sort: ["log.offset"] });
      assert.deepEqual(
        sorted.map((hit) => hit._source["log.offset"]),
        [0, 20, 100],
      );
      const found = await server.search("once", { query: { match: { message: "100" } } });
      assert.deepEqual(
        found.map((hit) => hit._id),
        ["s-100"],
      );
      const known = await server.documents("once", ["s-20", "s-21"]);
      assert.deepEqual(
        known.map((hit) => hit._id),
        ["s-20"],
      );
    });

    test("takes what setup puts; documents that would collide do not, and check finds nothing in the way", async (t) => {
      const yaml = `{ inputs: [{ id: a, paths: [/a], index: logs-setup-x }], output: { hosts: ["${server.url}"] } }`;
      const { config } = loadText("x.yml", yaml, { env: {} });
      const api = new Api(config.output, systemClock, AbortSignal.timeout(30_000));
      t.after(() => api.close());
      const found: string[] = [];
      const look = async (): Promise<void> => {
        for await (const { step, ok, what } of probe(config.output, ["logs-setup-x"], systemClock)) {
          assert.ok(ok, `${step}: ${what}`);
          if (step === "target") found.push(what);
        }
      };
      await look();
      for (const step of (await plan(api, config, "30d")).steps) await put(api, step);
      await look();
      const time = { "@timestamp": "2026-01-01T00:00:00.000Z" };
      const { body } = await server.request(
        "POST",
        "/logs-setup-x/_bulk",
        create("1", { ...time, message: "2026-01-01", json: { host: "web1" }, _doc_count: 4, sample: { rate: 4 } }) +
          create("2", { ...time, message: "b", json: { host: { name: "web1" } }, when: "2026-01-01" }) +
          create("3", { ...time, message: "c", when: "not a date" }),
      );
      assert.deepEqual(
        body.items.map((item: any) => item.create.status),
        [201, 201, 201],
      );
      await look();
      assert.deepEqual(found, [
        "logs-setup-x is not there yet, and no template is for it",
        "logs-setup-x is not there yet; it becomes a data stream by the template spillway",
        "logs-setup-x is there, a data stream",
      ]);
    });

    test("refuses a document that does not fit the mapping and stores the rest", async () => {
      await server.request("PUT", "/typed", { mappings: { properties: { status: { type: "long" } } } });
      const { body } = await server.request(
        "POST",
        "/typed/_bulk",
        create("a", { status: "teapot" }) + create("b", { status: 418 }),
      );
      assert.equal(body.items[0].create.status, 400);
      assert.equal(body.items[0].create.error.type, "document_parsing_exception");
      assert.equal(body.items[1].create.status, 201);
      assert.equal(await server.count("typed"), 1);
    });

    test("counts nothing in an index that does not exist", async () => {
      assert.equal(await server.count("absent"), 0);
    });
  });
}
