// Elasticsearch 7.17, the oldest supported version: how its responses differ, and the agent against it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loadText } from "../../../src/config/load.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { Api, at } from "../../../src/outputs/elasticsearch/probe/api.ts";
import { probe } from "../../../src/outputs/elasticsearch/probe/probe.ts";
import { plan, put } from "../../../src/outputs/elasticsearch/setup/setup.ts";
import { type Elasticsearch, OLDEST, skipWithout, startElasticsearch } from "../../helpers/elasticsearch.ts";
import { FAULTS, TIGHT, shipThrough } from "./faults.ts";

describe(`Elasticsearch ${OLDEST}`, { skip: skipWithout(OLDEST) }, () => {
  let server: Elasticsearch;
  before(async () => {
    server = await startElasticsearch(OLDEST, { settings: TIGHT });
  });
  after(() => server?.stop());

  test("takes the template of setup, and check finds nothing in the way", async (t) => {
    const output = `{ hosts: ["${server.url}"], operation: index, index: old }`;
    const { config } = loadText("x.yml", `{ inputs: [{ id: a, paths: [/a] }], output: ${output} }`, { env: {} });
    const api = new Api(config.output, systemClock, AbortSignal.timeout(30_000));
    t.after(() => api.close());
    const { server: name, steps } = await plan(api, config, undefined);
    assert.equal(name, `elasticsearch ${OLDEST}`);
    for (const step of steps) {
      assert.equal(at(step.body, "data_stream"), undefined);
      await put(api, step);
    }
    for await (const { step, ok, what } of probe(config.output, ["old"], systemClock))
      assert.ok(ok, `${step}: ${what}`);
  });

  test("numbered lines are stored once each, through every fault of the index and of the server", (t) =>
    shipThrough(t, server, FAULTS));
});
