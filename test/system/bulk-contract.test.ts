// The output against real servers: checks that they respond as the code that derives verdicts expects.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Arena } from "../../src/core/arena.ts";
import type { Region } from "../../src/core/arena.ts";
import type { Envelope } from "../../src/core/chunk.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { EXISTS, REFUSED, RETRY, STORED } from "../../src/core/output.ts";
import type { Output, SendReport } from "../../src/core/output.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../../src/outputs/elasticsearch/output.ts";
import { skipWithout, startElasticsearch, VERSIONS } from "../helpers/elasticsearch.ts";
import type { Elasticsearch } from "../helpers/elasticsearch.ts";
import { outputOptions } from "../helpers/output-options.ts";

/** Limits that a few parallel bodies exceed together, and that a single body of 12,000 lines exceeds. */
const TIGHT = { "indexing_pressure.memory.limit": "1mb", "http.max_content_length": "2mb" };
const never = new AbortController().signal;
const SID = "0123456789abcdef01234567";

/** Sends text as one chunk of a source, in the same way as delivery. */
class Shipper {
  private readonly arena = new Arena(64 << 20);
  private readonly kernel = new Kernel(this.arena);
  private readonly options: OutputOptions;
  readonly output: Output;

  constructor(different: Partial<OutputOptions>) {
    this.options = outputOptions(different);
    this.output = createElasticsearchOutput(this.options, { clock: systemClock, log: silentLog });
  }

  async ship(index: string, text: string, fields: Envelope["fields"] = {}): Promise<SendReport> {
    const { arena, kernel } = this;
    const envelope = { id: 1, input: "web", path: "/var/log/a.log", host: "h", fields, index, policy: "default" };
    const bytes = Buffer.from(text);
    const region = arena.alloc(bytes.length) as Region;
    bytes.copy(arena.view(region));
    const body = arena.allocHigh(8 << 20) as Region;
    arena.pin(body);
    const { records } = kernel.scan(region, 0, bytes.length);
    const [source, readAtMs] = [{ id: SID }, systemClock.wall()];
    const piece = { source, envelope, start: 0, region, table: undefined, records, readAtMs, fates: undefined };
    const encoded = new Encoder(arena, kernel, this.options).encodeInto(body, [piece], 1e6);
    assert.equal(encoded.docs, records);
    const report = await this.output.send(encoded.target, arena.view(body, 0, encoded.bytes), encoded.docs, never);
    arena.unpin(body);
    arena.release(body);
    arena.release(region);
    return report;
  }
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `10.0.0.1 "GET /${i}" \\ ${i} \u20ac\n`).join("");
}

for (const version of VERSIONS) {
  describe(`Elasticsearch ${version}`, { skip: skipWithout(version) }, () => {
    let server: Elasticsearch;
    let plain: Shipper;
    let packed: Shipper;
    before(async () => {
      server = await startElasticsearch(version, { settings: TIGHT });
      plain = new Shipper({ hosts: [server.url] });
      packed = new Shipper({ hosts: [server.url], compression: "gzip" });
    });
    after(async () => {
      await plain.output.close();
      await packed.output.close();
      await server.stop();
    });

    test("is recognised", async () => {
      assert.deepEqual(await plain.output.connect(never), { name: `elasticsearch ${version}` });
      await packed.output.connect(never);
    });

    test("stores, plain and packed, and knows what it has stored", async () => {
      for (const [index, shipper] of [
        ["plain", plain],
        ["packed", packed],
      ] as const) {
        assert.deepEqual(await shipper.ship(index, lines(2000)), { kind: "stored" });
        const again = await shipper.ship(index, lines(2001));
        assert.ok(again.kind === "mixed" && !again.busy);
        assert.deepEqual([...new Set(again.verdicts.subarray(0, 2000))], [EXISTS]);
        assert.equal(again.verdicts[2000], STORED);
        assert.equal(await server.count(index), 2001);
      }
      const [hit] = await server.search("plain", { query: { ids: { values: [`${SID}-0`] } } });
      assert.equal(hit?._source.message, '10.0.0.1 "GET /0" \\ 0 \u20ac');
      assert.equal(hit?._source.log.file.path, "/var/log/a.log");
    });

    test("refuses a document for good and says why", async () => {
      await server.request("PUT", "/typed", { mappings: { properties: { message: { type: "long" } } } });
      const report = await plain.ship("typed", "418\nsecret teapot\n");
      assert.ok(report.kind === "mixed", JSON.stringify(report));
      assert.deepEqual([...report.verdicts], [STORED, REFUSED]);
      const refusal = report.refusals.get(1);
      assert.equal(refusal?.type, "document_parsing_exception");
      assert.match(refusal.reason, /failed to parse field \[message\]/);
      // The reason quotes the document, so it may appear only beside the document.
      assert.doesNotMatch(report.why, /teapot/);
    });

    test("a closed or blocked index, a wrong name: everything is held", async () => {
      for (const index of ["closed", "blocked"]) await plain.ship(index, "a\n");
      await server.request("POST", "/closed/_close");
      await server.request("PUT", "/blocked/_settings", { "index.blocks.write": true });
      for (const index of ["closed", "blocked", "Wrong"]) {
        const report = await plain.ship(index, "b\nc\n");
        assert.equal(report.kind, "denied", `${index}: ${JSON.stringify(report)}`);
      }
    });

    test("at its shard limit, or with a full disk, a cluster refuses no document: the index is held, with what to do", async () => {
      const limit = (value: unknown): object => ({ persistent: { "cluster.max_shards_per_node": value } });
      await server.request("PUT", "/_cluster/settings", limit(1));
      const full = await plain.ship("one-too-many", "a\nb\n");
      await server.request("PUT", "/_cluster/settings", limit(null));
      assert.ok(full.kind === "denied" && full.by === "target", JSON.stringify(full));
      assert.match(`${full.why} ${full.hint}`, /this action would add .* cluster\.max_shards_per_node/);
      assert.equal((await plain.ship("one-too-many", "a\nb\n")).kind, "stored");
      await server.request("PUT", "/one-too-many/_settings", { "index.blocks.read_only_allow_delete": true });
      const flood = await plain.ship("one-too-many", "a\nb\nc\n");
      await server.request("PUT", "/one-too-many/_settings", { "index.blocks.read_only_allow_delete": null });
      assert.ok(flood.kind === "denied" && /free space/.test(flood.hint), JSON.stringify(flood));
    });

    test("documents that no mapping takes are refused, whatever the error is called", async () => {
      const properties = { n: { type: "long" }, strict: { type: "object", dynamic: "strict" }, k: { type: "keyword" } };
      const settings = { "index.mapping.total_fields.limit": 10 };
      await server.request("PUT", "/picky", { settings, mappings: { properties } });
      const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, i]));
      for (const fields of [{ n: "seven" }, { strict: { other: 1 } }, { k: "x".repeat(40_000) }, many]) {
        const report = await plain.ship("picky", "a\n", fields);
        assert.ok(report.kind === "mixed" && report.verdicts[0] === REFUSED, JSON.stringify(report));
        assert.doesNotMatch(report.refusals.get(0)?.said ?? "", /seven|xxx/);
      }
    });

    test("a field that is the server's own is refused, not held", async () => {
      const report = await plain.ship("meta", "a\n", { _id: "x" });
      assert.ok(report.kind === "mixed" && report.verdicts[0] === REFUSED, JSON.stringify(report));
    });

    test("a missing index where none may be created", async () => {
      const setting = (value: unknown): object => ({ persistent: { "action.auto_create_index": value } });
      await server.request("PUT", "/_cluster/settings", setting(false));
      const report = await plain.ship("nowhere", "a\n");
      await server.request("PUT", "/_cluster/settings", setting(null));
      assert.ok(report.kind === "denied" && report.hint.includes("auto_create_index"), JSON.stringify(report));
    });

    test("a body that is too large is halved by who sends it", async () => {
      assert.equal((await plain.ship("large", lines(12_000))).kind, "indigestible");
    });

    test("bodies turned away or taken in part: after the retries each document is there once", async () => {
      const kinds = new Set<string>();
      const deliver = async (index: string): Promise<void> => {
        for (let attempt = 0; attempt < 200; attempt++) {
          const report = await plain.ship(index, lines(2000));
          kinds.add(report.kind);
          if (report.kind === "stored") return;
          if (report.kind === "mixed" && !report.verdicts.includes(RETRY)) return;
          await systemClock.sleep(10 * systemClock.random() * attempt);
        }
        throw new Error("not delivered in 200 attempts");
      };
      const indices = ["a", "b", "c", "d", "e", "f"];
      await Promise.all(indices.map(deliver));
      for (const index of indices) assert.equal(await server.count(index), 2000);
      assert.ok(kinds.has("busy") || kinds.has("mixed"), [...kinds].join());
    });
  });
}
