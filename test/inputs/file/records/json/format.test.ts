// Lines of JSON objects, from the bytes of a file to the documents that a server receives.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../../helpers/fc.ts";
import { KIND, TABLE, TABLE_ENTRY } from "../../../../../src/core/chunk.ts";
import { type FileInputOptions, LEVELS } from "../../../../../src/core/options.ts";
import type { Framed, Framing } from "../../../../../src/inputs/file/records/framing.ts";
import { framingFor } from "../../../../../src/inputs/file/records/framings.ts";
import { reservedFields } from "../../../../../src/inputs/file/records/json/reserved-fields.ts";
import { resolveObject } from "../../../../../src/inputs/file/records/json/resolve.ts";
import { JsonTime } from "../../../../../src/inputs/file/records/json/time.ts";
import { codeOf, encodingOf } from "../../../../../src/inputs/file/records/text-code.ts";
import { Kernel } from "../../../../../src/kernel/kernel.ts";
import { Encoder } from "../../../../../src/outputs/elasticsearch/encoder.ts";
import { options } from "../../setup.ts";
import { anyName, anyObject, anyValue } from "./any-json.ts";
import { arena, inPieces, TOOLS } from "../pieces.ts";
import { leaves, strict } from "./strict-json.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 1500);
const READ_AT = Date.UTC(2026, 10, 24, 6, 40, 12);
const kernel = new Kernel(arena);
const encoder = new Encoder(arena, kernel, { operation: "create", ids: "offset" });

function framingOf(changes: Partial<FileInputOptions> = {}): Framing {
  const input = options("/tmp", { format: "json", ...changes });
  return framingFor(input, encodingOf(input.encoding), kernel, { ...TOOLS, wall: () => READ_AT });
}

interface Shipped {
  readonly text: string;
  readonly kind: number;
  readonly document: string;
}

/** Frames lines in one read, and encodes the resulting records. */
function ship(lines: readonly (string | Buffer)[], changes: Partial<FileInputOptions> = {}): Shipped[] {
  const source = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
  const region = arena.alloc(source.length);
  assert.ok(region);
  const bytes = arena.view(region);
  source.copy(bytes);
  const code = codeOf(encodingOf(changes.encoding ?? "utf-8"), source);
  const framed = framingOf(changes).frame({
    region,
    bytes,
    offset: 0,
    code,
    after: "end",
    room: 1 << 21,
    readAtMs: READ_AT,
  });
  arena.release(region);
  const shipped = encoded(framed, changes.fields ?? {});
  // A truncated record gets a chunk of its own kind, so one call may not reach the end of the source.
  const taken = source.subarray(0, framed.end).toString().split("\n").length - 1;
  assert.ok(framed.end > 0);
  return framed.end === source.length ? shipped : [...shipped, ...ship(lines.slice(taken), changes)];
}

function encoded({ records, rewritten }: Framed, fields: FileInputOptions["fields"]): Shipped[] {
  if (rewritten === undefined) return [];
  const [region, table, body] = [rewritten.bytes.length, rewritten.table.length, 1 << 20].map((size) => {
    const taken = arena.alloc(size);
    assert.ok(taken);
    return taken;
  });
  assert.ok(region && table && body);
  arena.view(region).set(rewritten.bytes);
  arena.view(table).set(rewritten.table);
  const envelope = { id: 1, input: "app", path: "/logs/app.log", host: "h", fields, index: "logs", policy: "default" };
  const source = { id: "0".repeat(24) };
  const piece = { source, envelope, start: 1000, region, table, records, readAtMs: READ_AT, fates: undefined };
  const { bytes } = encoder.encodeInto(body, [piece], 1e6);
  const documents = arena.view(body, 0, bytes).toString().split("\n");
  const entries = arena.view(table);
  let from = 0;
  const shipped = Array.from({ length: records }, (_, i) => {
    const to = entries.readUInt32LE(i * TABLE_ENTRY + TABLE.end);
    const text = arena.view(region, from, to).toString();
    from = to;
    const kind = (entries[i * TABLE_ENTRY + TABLE.kind] as number) & 15;
    return { text, kind, document: documents[2 * i + 1] as string };
  });
  for (const taken of [region, table, body]) arena.release(taken);
  return shipped;
}

/** The documents without the fields that all of them share. */
function documents(lines: readonly (string | Buffer)[], changes: Partial<FileInputOptions> = {}): unknown[] {
  return ship(lines, changes).map(({ document }) => {
    strict(document);
    const { "@timestamp": time, log, host, event, ...others } = JSON.parse(document);
    assert.deepEqual([host, event, log.file], [{ name: "h" }, { dataset: "app" }, { path: "/logs/app.log" }]);
    const own = time === new Date(READ_AT).toISOString() ? {} : { time };
    return { ...own, ...(log.level === undefined ? {} : { level: log.level }), ...others };
  });
}

test("what loggers write", () => {
  const ecs =
    '{"@timestamp":"2026-11-24T07:40:12.5+01:00", "log.level":"ERROR","message":"boom","log.logger":"a.B",' +
    '"event.dataset":"shop","process":{"pid":7},"error.stack_trace":"x\\n\\ty"}';
  const pino = '{"level":40,"time":1764000000000,"pid":17,"hostname":"web","msg":"late"}';
  const zap = '{"level":"info","ts":1764000000.1239,"caller":"a.go:1","msg":"up"}';
  assert.deepEqual(documents([ecs, pino]), [
    {
      ...{
        time: "2026-11-24T06:40:12.500Z",
        level: "error",
        message: "boom",
        "log.logger": "a.B",
        process: { pid: 7 },
      },
      ...{ "error.stack_trace": "x\n\ty", json: { "log.level": "ERROR", "event.dataset": "shop" } },
    },
    { level: "warn", ...JSON.parse(pino) },
  ]);
  assert.deepEqual(documents([zap, '{"ts":"x"}'], { timestamp: { field: "ts", format: "%s" } }), [
    { time: "2025-11-24T16:00:00.123Z", ...JSON.parse(zap), level: "info" },
    { ts: "x" },
  ]);
});

test("the time stands in a field, and else in @timestamp", () => {
  const timed = (line: string, field: string, format: string): unknown =>
    documents([line], { timestamp: { field, format } })[0];
  const time = "2026-11-24T06:40:12.123Z";
  const pino = { at: 1795502412123, msg: "x" };
  assert.deepEqual(timed(JSON.stringify(pino), "at", "%Q"), { ...pino, time });
  assert.deepEqual(timed('{"a":{"at":"2026-11-24T06:40:12.123Z"}}', "a.at", "rfc3339"), { a: { at: time }, time });
  assert.deepEqual(timed('{"a.at":"24/Nov/2026 06:41:12"}', "a.at", "%d/%b/%Y %T"), {
    "a.at": "24/Nov/2026 06:41:12",
    time: new Date(2026, 10, 24, 6, 41, 12).toISOString(),
  });
  const both = (ts: string): string => `{"ts":${ts},"@timestamp":"2026-11-24T06:40:12.123Z"}`;
  assert.deepEqual(timed(both("1"), "ts", "%s"), {
    ts: 1,
    time: "1970-01-01T00:00:01.000Z",
    json: { "@timestamp": time },
  });
  const odd = '{"ts":1,"@timestamp":"2026-11-24 06:40:12Z"}';
  assert.deepEqual(timed(odd, "ts", "%s"), {
    ts: 1,
    time: "1970-01-01T00:00:01.000Z",
    json: { timestamp_error: "cannot be read: 2026-11-24 06:40:12Z" },
  });
  assert.deepEqual(timed(both('"x"'), "ts", "%s"), { ts: "x", time });
  assert.deepEqual(timed(both('"\\u0031"'), "ts", "%s"), timed(both('"1"'), "ts", "%s"));
  // The same holds for objects with duplicate names, which are rewritten as a whole instead of being spliced.
  assert.deepEqual(timed('{"x":0,"x":{"ts":1}}', "x.ts", "%s"), { x: { ts: 1 }, time: "1970-01-01T00:00:01.000Z" });
  assert.deepEqual(timed('{"a":0,"a":1,"@timestamp":12.5}', "@timestamp", "%s"), {
    a: 1,
    time: "1970-01-01T00:00:12.500Z",
  });
  assert.deepEqual(timed('{"a":1,"@timestamp":12.5}', "@timestamp", "%s"), { a: 1, time: "1970-01-01T00:00:12.500Z" });
});

test("members that a document has itself move", () => {
  const lines: readonly [string, object][] = [
    ['{"host":"web","a":1}', { a: 1, json: { host: "web" } }],
    ['{"host":{"ip":"::1","name":"w"}}', { "host.ip": "::1", json: { host: { name: "w" } } }],
    ['{"host":{}}', { json: { host: {} } }],
    ['{"host":{"ip":1},"host.ip":2}', { "host.ip": 2, json: { host: { ip: 1 } } }],
    [
      '{"log":{"level":"warn","logger":"x","file":{"line":1}}}',
      { level: "warn", "log.logger": "x", "log.file.line": 1 },
    ],
    ['{"log":{"level":"WARN"}}', { level: "warn", json: { log: { level: "WARN" } } }],
    ['{"log":{"level":"odd"},"log.level":"other"}', { "log.level": "other", json: { log: { level: "odd" } } }],
    [
      '{"log.level":"odd","host":{"ip":1},"log":{"level":"odd","x":2},"host.name":3}',
      { "log.level": "odd", "host.ip": 1, "log.x": 2, json: { log: { level: "odd" }, "host.name": 3 } },
    ],
    ['{"log":{"level":"odd"}}', { "log.level": "odd" }],
    [
      '{"log":{"level":"odd"},"log.level":"other","a":1,"a":2}',
      { "log.level": "other", a: 2, json: { log: { level: "odd" } } },
    ],
    ['{"log":{"level":"odd"},"log.x":1}', { "log.level": "odd", "log.x": 1 }],
    ['{"log.level":"odd"}', { "log.level": "odd" }],
    ['{"log.level":{"a":1}}', { json: { "log.level": { a: 1 } } }],
    ['{"log":"text","log.offset":7,"log.offset.x":8}', { json: { log: "text", "log.offset": 7, "log.offset.x": 8 } }],
    ['{"json":{"a":1}}', { json: { a: 1 } }],
    ['{"json":{"a":1},"host":2}', { json: { a: 1, host: 2 } }],
    ['{"json":{"host":1},"host":2}', { json: { host: 2, json: { host: 1 } } }],
    ['{"json":3}', { json: { json: 3 } }],
    [
      '{"_id":"x","_source":{},"_doc_count":4,"sample":{"rate":2,"x":1}}',
      { "sample.x": 1, json: { _id: "x", _source: {}, _doc_count: 4, sample: { rate: 2 } } },
    ],
    [
      '{"service":{"name":"own","version":1},"service.name":2}',
      { "service.version": 1, json: { service: { name: "own" }, "service.name": 2 } },
    ],
    [
      '{"@timestamp":"yesterday","@timestamp2":1}',
      { "@timestamp2": 1, json: { timestamp_error: "cannot be read: yesterday" } },
    ],
    ['{"@timestamp":1764000000,"a":1}', { a: 1, json: { timestamp_error: "cannot be read: 1764000000" } }],
    [
      '{"@timestamp":"0000-01-01T00:00:00+01:00"}',
      { json: { timestamp_error: "cannot be read: 0000-01-01T00:00:00+01:00" } },
    ],
  ];
  const found = documents(
    lines.map(([line]) => line),
    { fields: { "service.name": "shop" } },
  );
  assert.deepEqual(
    found,
    lines.map(([, document]) => ({ service: { name: "shop" }, ...document })),
  );
});

test("the last of names that come twice stays, numbers stay as they are written, and bad UTF-8 is repaired", () => {
  const texts = ship([
    '{"a":1,"b":[{"c":1.0,"c":12345678901234567890}],"a":1e400}',
    '{"\\u0061":1,"a":2,"x\\"y":-0.0}',
    Buffer.from('{"a":"\xe9","b":1}', "latin1"),
    ' {"a" : 1.50 ,\t"host":1}\r',
  ]).map(({ text }) => text);
  assert.deepEqual(texts, [
    '{"a":1e400,"b":[{"c":12345678901234567890}]}',
    '{"a":2,"x\\"y":-0.0}',
    '{"a":"\ufffd","b":1}',
    '{"a" : 1.50 ,"json":{"host":1}}',
  ]);
});

test("what is no object is a message that says why", () => {
  const deep = `{"a":${"[".repeat(128)}${"]".repeat(128)}}`;
  const lines = ["plain", "[1]", "  ", '{"a":1', '{"a":01}', deep, `{"a":"${"x".repeat(300)}"}`];
  const found = ship(lines, { maxRecord: 280 });
  assert.deepEqual(
    found.map(({ document }) => JSON.parse(document).message),
    lines.map((line) => line.slice(0, 280)),
  );
  assert.deepEqual(
    found.map(({ document }) => JSON.parse(document).error?.message),
    [
      ...["the line is no JSON object", "the line is no JSON object", "the line is no JSON object"],
      ...["the line is no valid JSON", "the line is no valid JSON"],
      "the line is JSON that is nested deeper than 128 levels",
      "the line is longer than max_record and was cut, which leaves no JSON",
    ],
  );
  const narrow = ship(['{"host":"12345"}', '{"a":1,"a":"123"}'], { maxRecord: 20 });
  assert.deepEqual(
    narrow.map(({ kind, text }) => [kind, text]),
    [
      [KIND.large, '{"host":"12345"}'],
      [KIND.object, '{"a":"123"}'],
    ],
  );
});

test("patterns act on the text as it stands, and what redaction breaks is a message", () => {
  const lines = ['{"a":"secret","host":1}', '{"a":1,"noise":2}', '{"secret":1,"@timestamp":"2026-11-24T01:00:00Z"}'];
  const rules = { excludeLines: [/"noise"/], includeLines: [/"a"/, /^\{"secret":1,"@timestamp"/], redact: [/secret/] };
  assert.deepEqual(documents(lines, rules), [
    { a: "***", json: { host: 1 } },
    { "***": 1, time: "2026-11-24T01:00:00.000Z" },
  ]);
  const [broken] = ship(['{"a":"x"}'], { redact: [/"}/] });
  assert.deepEqual([broken?.kind, broken?.text], [KIND.invalid, '{"a":"x**']);
});

test("a byte order mark is no part of the first record", () => {
  assert.deepEqual(documents(['\ufeff{"a":1}', '{"a":2}']), [{ a: 1 }, { a: 2 }]);
  // `ship` adds the last byte of the line end.
  const wide = Buffer.from('\ufeff{"a":"\u20ac","host":1}\0', "utf16le").swap16().subarray(0, -1);
  assert.deepEqual(documents([wide], { encoding: "utf-16" }), [{ a: "\u20ac", json: { host: 1 } }]);
});

test("another encoding is decoded first", () => {
  const line = Buffer.from('{"a":"gr\xfcn","host":"\xfc"}', "latin1");
  assert.deepEqual(documents([line], { encoding: "latin1" }), [{ a: "gr\u00fcn", json: { host: "\u00fc" } }]);
});

test("any object: no name twice, ours are ours, and every member is found again as it is written", () => {
  const fields = { "service.name": "shop", "a.b.c": 1 };
  const ours = new Map([
    ["log.file.path", '"/logs/app.log"'],
    ["log.offset", "1000"],
    ["host.name", '"h"'],
    ["event.dataset", '"app"'],
    ["service.name", '"shop"'],
    ["a.b.c", "1"],
  ]);
  fc.assert(
    fc.property(anyObject, (line) => {
      const [{ document, kind } = { document: "", kind: -1 }] = ship([line], { fields });
      assert.equal(kind, KIND.object);
      const root = strict(document);
      const found = new Set(leaves(root).map(([path, value]) => `${path} ${value}`));
      const paths = leaves(root).map(([path]) => path);
      for (const [path, value] of ours) {
        assert.ok(found.delete(`${path} ${value}`), `${path} is not ours in ${document}`);
        const near = paths.filter((other) => other.startsWith(`${path}.`) || path.startsWith(`${other}.`));
        assert.deepEqual([...near, ...paths.filter((other) => other === path)], [path], document);
      }
      const { "@timestamp": time, log } = JSON.parse(document);
      for (const [path, value] of leaves(strict(line, "last"))) {
        const taken =
          (path === "@timestamp" && Date.parse(JSON.parse(value)) === Date.parse(time)) ||
          (/^@timestamp(\.|$)/.test(path) && document.includes('"timestamp_error":"cannot be read: ')) ||
          (path === "log.level" && JSON.parse(value) === log.level);
        // An empty `json` object in the line is not kept: members that move go into `json`.
        if (taken || (path === "json" && value === "{}")) continue;
        assert.ok(found.has(`${path} ${value}`) || found.has(`json.${path} ${value}`), `${path} is gone: ${document}`);
      }
    }),
    { numRuns: RUNS },
  );
});

test("spliced or resolved as text: the same record", () => {
  const reserved = reservedFields({ "service.name": "shop" });
  const time = new JsonTime(undefined, () => READ_AT);
  const distinct = fc
    .uniqueArray(fc.tuple(anyName, anyValue), { maxLength: 7, selector: ([key]) => key })
    .map((all) => `{${all.map(([key, inner]) => `${JSON.stringify(key)} : ${inner}`).join(" , ")}}`);
  fc.assert(
    fc.property(distinct, (line) => {
      const [shipped] = ship([line], { fields: { "service.name": "shop" } });
      assert.deepEqual(strict(shipped?.text ?? ""), strict(resolveObject(line, reserved, time)?.text ?? ""));
    }),
    { numRuns: RUNS },
  );
});

interface Outcome {
  readonly offset: number;
  readonly text: string;
  readonly kind: number;
  readonly time: number;
}

/** Frames a source in pieces, as the reader does. */
function read(framing: Framing, source: Buffer, reach: number, sizes: readonly number[]): Outcome[] {
  const found: Outcome[] = [];
  const room = (bytes: number): number => Math.max(reach, 3 * bytes);
  inPieces(framing, source, { sizes, reach, room }, (framed, _, position) => found.push(...outcomes(framed, position)));
  return found;
}

function outcomes({ rewritten, counted, end }: Framed, position: number): Outcome[] {
  let sum = [...counted.values()].reduce((all, { bytes }) => all + bytes, 0);
  const table = Buffer.from(rewritten?.table ?? []);
  let from = 0;
  const found: Outcome[] = [];
  for (let at = 0; at < table.length; at += TABLE_ENTRY) {
    const to = table.readUInt32LE(at + TABLE.end);
    const text = Buffer.from(rewritten?.bytes ?? []).toString("latin1", from, to);
    const [kind, time] = [table[at + TABLE.kind] as number, table.readDoubleLE(at + TABLE.time)];
    found.push({ offset: position + table.readUInt32LE(at + TABLE.start), text, kind, time });
    sum += table.readUInt32LE(at + TABLE.length);
    from = to;
  }
  assert.equal(sum, end, "bytes that are neither a record's nor counted");
  return found;
}

test("the same records whatever the read boundaries, and each is what the line by itself would be", () => {
  const line = fc.oneof(
    anyObject,
    anyObject.map((text) => `  ${text}\r`),
    fc.constantFrom("", "\r", "plain", '{"a":', '{"host":1}', '{"a":"\u00e9"}', `{"a":"${"y".repeat(90)}"}`),
    fc.constant('{"@timestamp":"2026-11-24T06:40:12Z","log.level":"INFO","a":1}'),
  );
  const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
  const bytes = fc.array(fc.oneof(line, fc.constant("\xff")), { maxLength: 14 });
  fc.assert(
    fc.property(
      bytes,
      cuts,
      fc.integer({ min: 4, max: 120 }),
      fc.constantFrom("\n", "\r\n"),
      (lines, sizes, max, end) => {
        const source = Buffer.from(lines.join(end));
        const changes = { maxRecord: max };
        const whole = read(framingOf(changes), source, 1 << 16, [1 << 16]);
        assert.deepEqual(read(framingOf(changes), source, 1 << 16, sizes), whole);
        for (const { offset, ...outcome } of whole) {
          const newline = source.indexOf(10, offset);
          const own = source.subarray(offset, newline < 0 ? source.length : newline + 1);
          const [{ offset: _offset, ...alone } = {}] = read(framingOf(changes), own, 1 << 16, [1 << 16]);
          assert.deepEqual(alone, outcome);
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test("random bytes: never a crash, never a byte lost", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\n\r {}[]",:\\"019.eaflt@')));
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), cuts, (all, sizes) => {
      read(framingOf({ maxRecord: 40, redact: [/a+/] }), Buffer.from(all), 1 << 16, sizes);
    }),
    { numRuns: RUNS },
  );
});

test("a line that is longer than what is read at once is cut to a message, whatever its beginning is", () => {
  const padded = Buffer.concat([Buffer.from("{}"), Buffer.alloc(300_000, 32), Buffer.from('x\n{"a":1}\n')]);
  const found = read(framingOf({ maxRecord: 1000 }), padded, 262_144, [262_144]);
  assert.deepEqual(
    found.map(({ text, kind }) => [text.length, kind]),
    [
      [1000, KIND.cut],
      [7, KIND.object],
    ],
  );
});

test("levels are those of the table: every name of core/options.ts", () => {
  for (const [index, level] of LEVELS.entries()) {
    const [shipped] = ship([`{"level":"${level}"}`]);
    assert.equal(JSON.parse(shipped?.document ?? "{}").log.level, LEVELS[index]);
  }
});
