// JSON records from a file to real servers. All must be stored; none may be refused because of how spillway encoded it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "../helpers/fc.ts";
import { openForReading } from "../../src/buffer/spool/database.ts";
import { type StoredDeadLetter, readDeadLetter, readDeadLetters } from "../../src/buffer/inspect/dead-letters.ts";
import { anyObject } from "../inputs/file/records/json/any-json.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { type Elasticsearch, VERSIONS, skipWithout, startElasticsearch } from "../helpers/elasticsearch.ts";
import { SEED } from "../helpers/seed.ts";

const ECS = {
  "@timestamp": "2026-11-24T06:40:12.500Z",
  "log.level": "ERROR",
  message: "payment refused",
  "ecs.version": "1.2.0",
  "service.name": "own",
  "event.dataset": "shop.app",
  "process.thread.name": "main",
  "log.logger": "com.example.Shop",
};
const PINO = '{"level":40,"time":1764000000000,"pid":17,"hostname":"web-1","msg":"slow","req":{"id":1,"url":"/a"}}';

/** Fields below `json` have the same shape in all of these lines, so the server's dynamic mapping accepts them. */
const PLAIN: readonly (string | Buffer)[] = [
  JSON.stringify(ECS),
  PINO,
  '{"host":"web1","message":"conflict","kubernetes":"own","@timestamp":"yesterday","_doc_count":0}',
  // spillway takes none of these for a time. The server would map the first as a date, and then refuse the others.
  '{"@timestamp":"2026-11-24T06:40:12"}',
  '{"@timestamp":"not a date"}',
  '{"@timestamp":1764000000}',
  '{"@timestamp":{"at":1}}',
  '{"log":{"level":"WARN","logger":"x","file":{"line":7}},"host.ip":"10.0.0.1","host.os":{"name":"Linux"}}',
  '{"_id":"own","_index":"own","_source":{"a":1},"_routing":null,"_type":"t","_version":3,"_size":1,"_ignored":"x"}',
  '{"json":{"host":"b"},"_tier":"hot","_field_names":["a"],"_data_stream_timestamp":1,"_seq_no":1,"sample":{"size":1}}',
  // The server is strict about these.
  '{"twice":1,"twice":2,"deep":{"x":[{"y":1,"y":2}],"x":[{"y":3,"y":4}]}}',
  '{"\\u0074wice":3,"twice":4}',
  Buffer.from('{"message":"gr\xfcn"}', "latin1"),
  '{"message":"\\ud800 \\u0000 \\ud83d\\ude42 \u{1f642}"}',
  "{}",
  ' { "message" : "spaces" } \r',
  `{"message":"digits","exact":1.0,"small":-0.0,"long":9007199254740993}`,
  // These are not JSON objects.
  "plain text",
  '{"message":"cut',
  "[1,2]",
  `{"message":"${"x".repeat(3000)}"}`,
  `{"a":${"[".repeat(129)}${"]".repeat(129)}}`,
];
/** Fields below `json` have any shape here, so `json` is mapped as `flattened`, as docs/formats.md says. */
const MIXED: readonly string[] = [
  '{"host":"web1","event":"text","log":"text","json":"text","sample":{"rate":"x"},"n":1}',
  '{"host":{"name":"web1"},"event":{"dataset":[1],"kind":"event"},"log":{"level":{"a":1}},"n":2}',
  '{"host":{"name":{"a":1}},"host.name":2,"event.dataset":"a","log.file.path":"/x","json":{"host":1},"n":3}',
];
const CUT = `{"message":"${"x".repeat(3000)}"}`.length - 2000;

function lettersOf(place: Workplace): readonly StoredDeadLetter[] {
  const db = openForReading(place.state);
  assert.ok(db);
  const all = [...readDeadLetters(db, { input: undefined, limit: 0 })].map(
    ({ id }) => readDeadLetter(db, id) as StoredDeadLetter,
  );
  db.close();
  return all;
}

for (const version of VERSIONS) {
  describe(`Elasticsearch ${version}`, { skip: skipWithout(version) }, () => {
    let server: Elasticsearch;
    const place = new Workplace();
    before(async () => {
      server = await startElasticsearch(version);
    });
    after(async () => {
      await server.stop();
      place.remove();
    });

    const source = async (query: object): Promise<any> => {
      const hits = await server.search("plain,mixed", { query });
      assert.equal(hits.length, 1, JSON.stringify(query));
      return hits[0]?._source;
    };

    test("every line is stored, and none is a dead letter", async () => {
      await server.request("PUT", "/mixed", { mappings: { properties: { json: { type: "flattened" } } } });
      const input = { format: "json", max_record: "2000B", fields: { "service.name": "shop" } };
      const lines = { plain: PLAIN, mixed: MIXED };
      let bytes = 0;
      const inputs = Object.entries(lines).map(([index, all]) => {
        const text = Buffer.concat(all.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
        const path = join(place.logs, `${index}.log`);
        writeFileSync(path, text);
        bytes += text.length;
        return { ...input, id: index, paths: [path], index };
      });
      place.configure(server.url, { inputs });
      const agent = place.run();
      const { ledger } = await agent.until("all settled", ({ ledger: { read, buffered } }) => {
        return read.bytes === bytes && buffered.bytes === 0;
      });
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      place.books();
      assert.deepEqual(
        lettersOf(place).map(({ reason }) => reason),
        [],
      );
      assert.deepEqual(ledger.dropped.oversize, { records: 0, bytes: CUT });
      assert.deepEqual(ledger.delivered, { records: PLAIN.length + MIXED.length, bytes: bytes - CUT });
      assert.deepEqual([await server.count("plain"), await server.count("mixed")], [PLAIN.length, MIXED.length]);
    });

    test("fields are found under their names, and conflicting ones below json", async () => {
      const { "log.level": own, "event.dataset": dataset, "service.name": service, ...kept } = ECS;
      const { host, log, event, ...ecs } = await source({ match: { message: "refused" } });
      assert.deepEqual(ecs, {
        ...kept,
        service: { name: "shop" },
        json: { "log.level": own, "event.dataset": dataset, "service.name": service },
      });
      assert.deepEqual([log.level, log.offset, event.dataset, typeof host.name], ["error", 0, "plain", "string"]);
      assert.equal((await source({ term: { "process.thread.name.keyword": "main" } })).message, ECS.message);
      const { pid, req, level } = await source({ match: { msg: "slow" } });
      assert.deepEqual({ pid, req, level }, { pid: 17, req: { id: 1, url: "/a" }, level: 40 });
      const { json, kubernetes } = await source({ match: { message: "conflict" } });
      assert.deepEqual(
        [json, kubernetes],
        [{ host: "web1", timestamp_error: "cannot be read: yesterday", _doc_count: 0 }, "own"],
      );
      assert.equal((await source({ match: { "log.file.line": 7 } })).log.level, "warn");
      assert.equal((await source({ match: { "host.os.name": "Linux" } }))["host.ip"], "10.0.0.1");
      assert.deepEqual((await source({ match: { twice: 2 } })).deep, { x: [{ y: 4 }] });
      assert.deepEqual((await source({ match: { "json._id": "own" } })).json._source, { a: 1 });
      assert.equal((await source({ term: { "json.host.name": "web1" } })).n, 2);
      assert.equal((await source({ bool: { must: [{ term: { "json.host": "web1" } }, { match: { n: 1 } }] } })).n, 1);
    });

    test("what the server refuses is a dead letter: the record as it was sent, at its offset", async (t) => {
      await server.request("PUT", "/typed", { mappings: { properties: { status: { type: "long" } } } });
      const own = new Workplace();
      t.after(() => own.remove());
      const lines = [
        '{"status":418,"n":1}\n',
        ' {"status":"teapot","host":"x","status":"pot"}\n',
        '{"status":200,"n":2}\n',
      ];
      writeFileSync(join(own.logs, "app.log"), lines.join(""));
      const inputs = [{ id: "app", paths: [join(own.logs, "*.log")], format: "json" }];
      own.configure(server.url, { inputs, output: { index: "typed" } });
      const agent = own.run("--once");
      assert.deepEqual(await agent.exited, { code: 0, signal: null }, agent.story());
      own.books();
      const letters = lettersOf(own);
      assert.deepEqual(
        letters.map(({ offset, body, type }) => [offset, String(body), type]),
        [[lines[0]?.length, '{"status":"pot","json":{"host":"x"}}', "document_parsing_exception"]],
      );
      assert.equal(await server.count("typed"), 2);
    });

    test("any object passes the server's strict parser", async (t) => {
      await server.request("PUT", "/strict", { mappings: { dynamic: false } });
      const own = new Workplace();
      t.after(() => own.remove());
      t.diagnostic(`seed ${SEED}`);
      const lines = fc.sample(anyObject, { numRuns: 2000, seed: SEED });
      writeFileSync(join(own.logs, "app.log"), lines.map((line) => `${line}\n`).join(""));
      const fields = { "service.name": "shop", "a.b.c": 1 };
      const inputs = [{ id: "app", paths: [join(own.logs, "*.log")], format: "json", fields }];
      own.configure(server.url, { inputs, output: { index: "strict" } });
      const agent = own.run("--once");
      assert.deepEqual(await agent.exited, { code: 0, signal: null }, agent.story());
      const letters = lettersOf(own);
      // The server cannot store a member whose name is empty or only white space.
      const nameless = /field name cannot (?:be an empty string|contain only whitespace)/i;
      const others = letters.filter(({ reason }) => !nameless.test(reason));
      assert.deepEqual(
        others.map(({ reason, body }) => `${reason}: ${String(body)}`),
        [],
      );
      assert.equal(await server.count("strict"), lines.length - letters.length);
    });

    test("what is no object is a message that says why", async () => {
      for (const [words, message] of [
        ["no JSON object", "plain text"],
        ["no valid JSON", '{"message":"cut'],
        ["was cut", `{"message":"${"x".repeat(1988)}`],
      ]) {
        const found = await server.search("plain", { query: { match_phrase: { "error.message": words } } });
        assert.ok(
          found.some(({ _source }) => _source.message === message),
          `no ${message} with ${words}`,
        );
      }
    });
  });
}
