// Formats and rules end to end, from a line of configuration to the stored document.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";

const AT = "2026-11-24T06:40:12.123456789Z";

/** Ships one file. @returns its documents, ordered by offset */
async function ship(
  t: TestContext,
  file: string,
  text: string | Buffer,
  input: object,
  records: number,
): Promise<any[]> {
  const place = new Workplace();
  const server: BulkServer = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const path = join(place.logs, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  const inputs = [{ id: "app", paths: [join(place.logs, "**/*.log")], ...input }];
  place.configure(server.url, { inputs, output: { batch: { age: "50ms" } } });
  const agent = place.run();
  const { ledger } = await agent.until("all settled", ({ ledger: { read, buffered } }) => {
    return read.bytes === Buffer.byteLength(text) && buffered.bytes === 0;
  });
  assert.equal(ledger.read.records, records);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  place.books();
  const sources = server.documents().map(({ source }) => source as any);
  return sources.sort((a, b) => a.log.offset - b.log.offset);
}

test("a pod's log: joined per stream, with the runtime's time and the pod's names", async (t) => {
  const lines = [
    `${AT} stdout P {"half": \n`,
    `2026-11-24T06:40:13Z stderr F "quoted" \u00e9\n`,
    `2026-11-24T08:40:14+01:00 stdout F "whole"}\n`,
    "odd\n",
  ];
  const path = "pods/shop_web-1_7d5c/nginx/0.log";
  const found = await ship(t, path, lines.join(""), { format: "cri", fields: { "service.name": "web" } }, 3);
  assert.deepEqual(
    found.map((source) => [source.log.offset, source["@timestamp"].slice(0, 23), source.message]),
    [
      [0, "2026-11-24T06:40:12.123", '{"half": "whole"}'],
      [lines[0]?.length, "2026-11-24T06:40:13.000", '"quoted" \u00e9'],
      [Buffer.byteLength(lines.slice(0, 3).join("")), found[2]["@timestamp"].slice(0, 23), "odd"],
    ],
  );
  for (const { kubernetes, container, service } of found) {
    assert.deepEqual(kubernetes, { namespace: "shop", pod: { name: "web-1", uid: "7d5c" } });
    assert.deepEqual([container, service], [{ name: "nginx" }, { name: "web" }]);
  }
});

test("Docker's log", async (t) => {
  const line = (log: string, stream: string): string => `${JSON.stringify({ log, stream, time: AT })}\n`;
  const text = line("a\t", "stdout") + line("err\n", "stderr") + line("\u20acb\n", "stdout");
  const found = await ship(t, "c.log", text, { format: "docker" }, 2);
  assert.deepEqual(
    found.map((source) => [source.log.offset, source["@timestamp"], source.message]),
    [
      [0, "2026-11-24T06:40:12.123Z", "a\t\u20acb"],
      [line("a\t", "stdout").length, "2026-11-24T06:40:12.123Z", "err"],
    ],
  );
});

test("what is filtered and what is redacted never reaches the server", async (t) => {
  const lines = ["GET /health 200\n", "card 4111111111111111 paid\n", "\n", "noise\n", "card free\n"];
  const input = { include_lines: ["card", "GET"], exclude_lines: ["/health"], redact: ["\\d{13,19}"] };
  const found = await ship(t, "app.log", lines.join(""), input, 4);
  assert.deepEqual(
    found.map(({ message, log }) => [log.offset, message]),
    [
      [16, "card *** paid"],
      [50, "card free"],
    ],
  );
});

test("the time of a record is the one that stands in it", async (t) => {
  const lines = ['10.0.0.1 - - [24/Nov/2026:06:40:12 +0100] "GET / HTTP/1.1" 200 5\n', "no time\n"];
  const found = await ship(t, "access.log", lines.join(""), { timestamp: { format: "%d/%b/%Y:%H:%M:%S %z" } }, 2);
  assert.deepEqual(
    found.map(({ message, log }) => [log.offset, `${message}\n`]),
    [
      [0, lines[0]],
      [lines[0]?.length, lines[1]],
    ],
  );
  assert.equal(found[0]["@timestamp"], "2026-11-24T05:40:12.000Z");
  assert.ok(Math.abs(Date.parse(found[1]["@timestamp"]) - systemClock.wall()) < 60_000, found[1]["@timestamp"]);
});

test("records of several lines, the last of them after its timeout", async (t) => {
  const records = [
    "2026-11-24T06:40:12Z boom\n\tat a\n\tat b\n",
    "2026-11-24T06:40:13Z fine\n",
    "2026-11-24T06:40:14Z bye\n",
  ];
  const input = { multiline: { start: "^\\d{4}-", timeout: "500ms" }, timestamp: { format: "rfc3339" } };
  const found = await ship(t, "app.log", records.join(""), input, 3);
  assert.deepEqual(
    found.map(({ message, "@timestamp": at }) => [`${message}\n`, at.slice(17, 19)]),
    records.map((record, i) => [record, String(12 + i)]),
  );
});

const LEVELLED = [
  ["06:40:12 ERROR [main] boom", "error"],
  ["ts=1 lvl=warning msg=late", "warn"],
  ['{"level":30,"msg":"pino"}', "info"],
  ["nothing is said", undefined],
] as const;

test("log.level: a record's own, or what the input says", async (t) => {
  const text = LEVELLED.map(([line]) => `${line}\n`).join("");
  const pod = LEVELLED.map(([line]) => `${AT} stdout F ${line}\n`).join("");
  const own: unknown[] = LEVELLED.map(([, level]) => level);
  const levels = (found: any[]): unknown[] => found.map(({ log }) => log.level);
  assert.deepEqual(levels(await ship(t, "app.log", text, {}, 4)), own);
  const fields = { "log.level": "notice" };
  assert.deepEqual(levels(await ship(t, "app.log", pod, { format: "cri", fields }, 4)), own.with(3, "notice"));
});

test("a file in another encoding", async (t) => {
  const text = Buffer.from("gr\u00fc\u00dfe\nplain\n", "latin1");
  const found = await ship(t, "app.log", text, { encoding: "latin1" }, 2);
  assert.deepEqual(
    found.map(({ message, log }) => [log.offset, message]),
    [
      [0, "gr\u00fc\u00dfe"],
      [6, "plain"],
    ],
  );
});
