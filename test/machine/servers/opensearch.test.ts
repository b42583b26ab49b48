// OpenSearch: an agent through every fault, and a data stream that is deleted under it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Workplace } from "../../helpers/agent-process.ts";
import { type Elasticsearch, OPENSEARCH, skipWithout, startElasticsearch } from "../../helpers/elasticsearch.ts";
import { Numbered } from "../../helpers/numbered.ts";
import { FAULTS, TIGHT, set, shipThrough } from "./faults.ts";

const STREAM = "logs-deleted-default";
const LINES = 300;

describe(OPENSEARCH, { skip: skipWithout(OPENSEARCH) }, () => {
  let server: Elasticsearch;
  before(async () => {
    server = await startElasticsearch(OPENSEARCH, { settings: TIGHT });
  });
  after(() => server?.stop());

  test("a data stream is deleted with its template: its index waits until the template is there again", async (t) => {
    const place = new Workplace();
    t.after(() => place.remove());
    const path = join(place.logs, "a.log");
    const log = new Numbered();
    const template = { index_patterns: [STREAM], data_stream: {}, priority: 200 };
    const create = (value: unknown): Promise<void> =>
      set(server, "/_cluster/settings", { persistent: { "action.auto_create_index": value } });
    await set(server, "/_index_template/streams", template);
    place.configure(server.url, { output: { index: STREAM, batch: { age: "50ms" } } });
    const agent = place.run();
    log.append(path, LINES);
    await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
    assert.equal(await server.count(STREAM), LINES);

    await create(false);
    for (const what of [`_data_stream/${STREAM}`, "_index_template/streams"])
      assert.equal((await server.request("DELETE", `/${what}`)).status, 200);
    log.append(path, LINES);
    await agent.until("the agent says what is missing", ({ output }) =>
      /no such index/.test(output.targets[STREAM]?.last_error?.why ?? ""),
    );
    assert.equal((await agent.status())?.ledger.dead_lettered.records, 0);

    await set(server, "/_index_template/streams", template);
    await create(null);
    await agent.until("the rest", ({ ledger }) => ledger.delivered.records === 2 * LINES);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    // The first lines went with the stream.
    const hits = await server.search(STREAM, { size: 2 * LINES, sort: ["log.offset"] });
    assert.deepEqual(
      hits.map(({ _source }) => Number(/^line (\d+)/.exec(_source.message)?.[1])),
      Array.from({ length: LINES }, (_, n) => LINES + n),
    );
  });

  test("numbered lines are stored once each, through every fault of the index and of the server", (t) =>
    shipThrough(t, server, FAULTS));
});
