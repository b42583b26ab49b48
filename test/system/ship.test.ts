// The real agent ships an access log to real servers; the log is rotated meanwhile, and the agent is killed with SIGKILL. Then
// searches check that every line is stored once, under its id and at its offset.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { LogGenerator } from "../../src/sandbox/generator.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { type Elasticsearch, VERSIONS, skipWithout, startElasticsearch } from "../helpers/elasticsearch.ts";
import { ROOT } from "../helpers/tree.ts";

const LINES = 100_000;
const BURST = 5000;

/** Writes twenty bursts, and rotates the log after every third burst. */
async function writeLog(generator: LogGenerator): Promise<void> {
  for (let burst = 1; burst * BURST <= LINES; burst++) {
    await generator.burst(BURST);
    if (burst % 3 === 0) await generator.rotate(String(burst));
    await systemClock.sleep(100);
  }
  await generator.stop();
}

/** The documents that the server must have, by id, computed from the files. */
function expected(place: Workplace): Map<string, { readonly offset: number; readonly message: string }> {
  const documents = new Map<string, { offset: number; message: string }>();
  for (const { id, identity } of place.books().sources) {
    let offset = 0;
    for (const message of readFileSync(identity.path, "latin1").split("\n")) {
      if (message !== "") documents.set(`${id}-${offset}`, { offset, message });
      offset += message.length + 1;
    }
  }
  return documents;
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

    test("an access log of 100,000 lines, rotated, through a kill -9", async () => {
      place.configure(server.url, { output: { index: "access", compression: "gzip" } });
      const generator = new LogGenerator({ path: join(place.logs, "access.log"), rate: 0 }, systemClock);
      await generator.start();
      const writing = writeLog(generator);
      const first = place.run();
      await first.until("a part of it delivered", ({ ledger }) => ledger.delivered.records > LINES / 10);
      await first.kill();
      place.books();

      const second = place.run();
      await writing;
      const all = { records: LINES, bytes: generator.writtenBytes };
      const status = await second.until("all delivered", (s) => {
        const { read, buffered } = s.ledger;
        return read.records === LINES && buffered.records === 0;
      });
      const { read, delivered, duplicates } = status.ledger;
      assert.deepEqual(read, all);
      assert.equal(delivered.records + duplicates.records, LINES);
      assert.equal(status.output.server, `elasticsearch ${version}`);
      assert.deepEqual(await second.stop(), { code: 0, signal: null });
      assert.deepEqual([...first.heard("unexpected_duplicates"), ...second.heard("unexpected_duplicates")], []);
    });

    test("every line is there once", async () => {
      assert.equal(await server.count("access"), LINES);
      const documents = expected(place);
      assert.equal(documents.size, LINES);

      const ids = [...documents.keys()].filter((_, i) => i % 97 === 0);
      const { body } = await server.request("POST", "/access/_mget", { ids });
      assert.equal(body.docs.length, ids.length);
      for (const { _id, found, _source } of body.docs) {
        assert.ok(found, _id);
        assert.equal(_source.message, documents.get(_id)?.message);
        assert.equal(_source.log.offset, documents.get(_id)?.offset);
        assert.equal(_source.event.dataset, "app");
      }
    });

    test("it can be read again in its order, and searched", async () => {
      const documents = expected(place);
      const query = { term: { "log.file.path.keyword": join(place.logs, "access.log") } };
      const hits = await server.search("access", { size: 2000, sort: [{ "log.offset": "asc" }], query });
      assert.equal(hits.length, 2000);
      // Several files had this name, one after the other. The hits of each must be its first lines without a gap.
      const bySource = Map.groupBy(hits, ({ _id }) => _id.split("-")[0] as string);
      for (const [id, own] of bySource) {
        const lines = [...documents].filter(([document]) => document.startsWith(id)).slice(0, own.length);
        assert.deepEqual(
          own.map((hit) => [hit._id, hit._source.message]),
          lines.map(([document, { message }]) => [document, message]),
        );
      }

      const number = String(LINES - 1).padStart(12, "0");
      const found = await server.search("access", { query: { match: { message: number } } });
      assert.deepEqual(
        found.map(({ _source }) => / (\S+seq=\d+) /.exec(_source.message)?.[1]?.endsWith(number)),
        [true],
      );
    });

    test("records can be found by their level", async (t) => {
      const levelled = new Workplace();
      t.after(() => levelled.remove());
      const inputs = ["app", "quiet"].map((id) => ({
        ...{ id, paths: [join(levelled.logs, `${id}.log`)] },
        fields: id === "quiet" ? { "log.level": "info" } : {},
      }));
      levelled.configure(server.url, { inputs, output: { index: "levels", batch: { age: "100ms" } } });
      const lines = ["06:40:12 ERROR a", "nothing b", '{"level":50,"msg":"c"}', "level=info d", ""].join("\n");
      for (const { id } of inputs) appendFileSync(join(levelled.logs, `${id}.log`), lines);
      const agent = levelled.run();
      await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === 8);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      await server.count("levels"); // refreshes
      for (const [level, count] of [
        ["error", 4],
        ["info", 3],
      ] as const) {
        const hits = await server.search("levels", { size: 10, query: { match: { "log.level": level } } });
        assert.equal(hits.length, count, level);
      }
      const without = { bool: { must_not: { exists: { field: "log.level" } } } };
      const [none, ...others] = await server.search("levels", { query: without });
      assert.deepEqual([none?._source.message, others], ["nothing b", []]);
    });

    test("what the server refuses goes aside with its reason, the rest goes on", async (t) => {
      const mixed = new Workplace();
      t.after(() => mixed.remove());
      await server.request("PUT", "/typed", { mappings: { properties: { load: { type: "long" } } } });
      const input = (id: string, load: unknown): object => ({
        id,
        paths: [join(mixed.logs, `${id}.log`)],
        fields: { load },
      });
      mixed.configure(server.url, {
        inputs: [input("good", 5), input("bad", "heavy")],
        output: { index: "typed", compression: "gzip", batch: { age: "100ms" } },
      });
      const agent = mixed.run();
      for (let i = 0; i < 5; i++) {
        for (const id of ["good", "bad"]) appendFileSync(join(mixed.logs, `${id}.log`), `${id} ${i}\n`.repeat(20));
        await agent.until("this much settled", ({ ledger: { delivered, dead_lettered: dead } }) => {
          return delivered.records === (i + 1) * 20 && dead.records === (i + 1) * 20;
        });
      }
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      assert.equal(await server.count("typed"), 100);

      const program = [join(ROOT, "bin/spillway.js"), "dead-letters", "list", "-c", mixed.config, "--json"];
      const { total, dead_letters: letters } = JSON.parse(
        execFileSync(process.execPath, program, { encoding: "utf8" }),
      );
      assert.equal(total, 100);
      for (const { input: id, status, type, reason } of letters) {
        assert.deepEqual([id, status, type], ["bad", 400, "document_parsing_exception"]);
        assert.match(reason, /failed to parse field \[load\] of type \[long\]/);
      }
    });
  });
}
