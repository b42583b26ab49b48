import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { Arena } from "../../../src/core/arena.ts";
import type { Region } from "../../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../../src/core/chunk.ts";
import type { Envelope } from "../../../src/core/chunk.ts";
import type { EncodedBody, Piece } from "../../../src/core/output.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { Encoder } from "../../../src/outputs/elasticsearch/encoder.ts";

const SID = "0123456789abcdef01234567";
const READ_AT = Date.parse("2026-11-24T08:00:00.123Z");
const ENVELOPE: Envelope = {
  id: 1,
  input: "nginx",
  path: "/var/log/nginx/access.log",
  host: "web-1",
  fields: { "service.name": "shop" },
  index: "logs-nginx-default",
  policy: "default",
};

interface Doc {
  readonly action: Record<string, { _id?: string; _index?: string }>;
  readonly source: { "@timestamp": string; message: string; log: { offset: number }; _doc_count?: number };
}

class Bench {
  readonly arena = new Arena(4 << 20, { poison: 0xee });
  readonly kernel = new Kernel(this.arena);

  encoder(options: { operation?: "create" | "index"; ids?: "offset" | "auto" } = {}): Encoder {
    return new Encoder(this.arena, this.kernel, { operation: "create", ids: "offset", ...options });
  }

  piece(text: string | Buffer, more: { start?: number; envelope?: Envelope; fates?: Uint8Array } = {}): Piece {
    const bytes = Buffer.from(text as string);
    const region = this.arena.alloc(bytes.length) as Region;
    bytes.copy(this.arena.view(region));
    const { start = 0, envelope = ENVELOPE, fates } = more;
    const records = this.kernel.scan(region, 0, bytes.length).records;
    return { source: { id: SID }, envelope, start, region, table: undefined, records, readAtMs: READ_AT, fates };
  }

  body(bytes: number): Region {
    return this.arena.allocHigh(bytes) as Region;
  }

  read(body: Region, { bytes, docs }: EncodedBody): readonly Doc[] {
    const text = this.arena.view(body, 0, bytes).toString("utf8");
    if (docs === 0) assert.equal(text, "");
    else assert.ok(text.endsWith("\n"));
    const lines = text.split("\n").slice(0, -1);
    assert.equal(lines.length, 2 * docs);
    return Array.from({ length: docs }, (_, i) => ({
      action: JSON.parse(lines[2 * i] ?? "") as Doc["action"],
      source: JSON.parse(lines[2 * i + 1] ?? "") as Doc["source"],
    }));
  }
}

test("a document has its id, its time, its message and its place", () => {
  const bench = new Bench();
  const body = bench.body(4096);
  const encoded = bench.encoder().encodeInto(body, [bench.piece('GET "/" \\ 200\r\nsecond\n', { start: 1000 })], 100);
  assert.equal(encoded.target, "logs-nginx-default");
  const [first, second] = bench.read(body, encoded);
  assert.deepEqual(first, {
    action: { create: { _id: `${SID}-1000` } },
    source: {
      "@timestamp": "2026-11-24T08:00:00.123Z",
      message: 'GET "/" \\ 200',
      log: { file: { path: "/var/log/nginx/access.log" }, offset: 1000 },
      host: { name: "web-1" },
      event: { dataset: "nginx" },
      service: { name: "shop" },
    },
  });
  assert.equal(second?.action.create?._id, `${SID}-1015`);
  assert.equal(second?.source.log.offset, 1015);
});

test("without ids of ours the action is empty; the operation is what was asked for", () => {
  const bench = new Bench();
  const body = bench.body(4096);
  const auto = bench.encoder({ ids: "auto" }).encodeInto(body, [bench.piece("a\nb\n")], 100);
  assert.deepEqual(
    bench.read(body, auto).map((doc) => doc.action),
    [{ create: {} }, { create: {} }],
  );
  const index = bench.encoder({ operation: "index" }).encodeInto(body, [bench.piece("a\n")], 100);
  assert.deepEqual(bench.read(body, index)[0]?.action, { index: { _id: `${SID}-0` } });
});

test("chunks for another index than the body's say so", () => {
  const bench = new Bench();
  for (const ids of ["offset", "auto"] as const) {
    const other = { ...ENVELOPE, id: 2, index: "logs-{input}-other" };
    const pieces = [bench.piece("a\n"), bench.piece("b\n", { envelope: other }), bench.piece("c\n")];
    const body = bench.body(4096);
    const encoded = bench.encoder({ ids }).encodeInto(body, pieces, 100);
    const indices = bench.read(body, encoded).map((doc) => doc.action.create?._index);
    assert.deepEqual(indices, [undefined, "logs-nginx-other", undefined]);
  }
});

test("only open records are written, and the runs say which they are", () => {
  const bench = new Bench();
  const fates = Uint8Array.of(1, 0, 2, 0, 0, 3);
  const pieces = [bench.piece("a\nb\nc\nd\ne\nf\n", { fates }), bench.piece("g\nh\n", { start: 500 })];
  const body = bench.body(8192);
  const encoded = bench.encoder().encodeInto(body, pieces, 100);
  assert.deepEqual(
    bench.read(body, encoded).map((doc) => doc.source.message),
    ["b", "d", "e", "g", "h"],
  );
  assert.deepEqual(encoded.runs, [
    { docs: 3, records: 6 },
    { docs: 2, records: 2 },
  ]);
});

test("a body that is too small for the first document takes none", () => {
  const bench = new Bench();
  const body = bench.body(600);
  const encoded = bench.encoder().encodeInto(body, [bench.piece(`${"x".repeat(400)}\n`)], 100);
  assert.deepEqual([encoded.docs, encoded.bytes], [0, 0]);
  assert.equal(bench.encoder().encodeInto(bench.body(64), [bench.piece("a\n")], 100).docs, 0);
});

test("nothing in a line can forge an action or another document", () => {
  const bench = new Bench();
  const line = '"}}\\n{"delete":{"_id":"1"}}\u2028{"index":{}}';
  const body = bench.body(4096);
  const encoded = bench.encoder().encodeInto(body, [bench.piece(`${line}\n`)], 100);
  assert.deepEqual(
    bench.read(body, encoded).map((doc) => doc.source.message),
    [line],
  );
});

test("records with a table have their own place, time and weight", () => {
  const bench = new Bench();
  const plain = bench.piece("onetwothree");
  const table = bench.arena.alloc(3 * TABLE_ENTRY) as Region;
  const entries = bench.arena.view(table);
  const rows = [
    [3, 0, 4, 1, NaN],
    [6, 40, 4, 4, NaN],
    [11, 90, 6, 1, Date.parse("2001-02-03T04:05:06.789Z")],
  ];
  for (const [i, [end = 0, start = 0, length = 0, weight = 0, time = 0]] of rows.entries()) {
    entries.writeUInt32LE(end, i * TABLE_ENTRY + TABLE.end);
    entries.writeUInt32LE(start, i * TABLE_ENTRY + TABLE.start);
    entries.writeUInt32LE(length, i * TABLE_ENTRY + TABLE.length);
    entries.writeUInt32LE(weight, i * TABLE_ENTRY + TABLE.weight);
    entries.writeDoubleLE(time, i * TABLE_ENTRY + TABLE.time);
  }
  const piece = { ...plain, start: 1000, table, records: 3 };
  const body = bench.body(8192);
  const first = bench.encoder().encodeInto(body, [piece], 2);
  const [one, two] = bench.read(body, first);
  assert.deepEqual(first.runs, [{ docs: 2, records: 2 }]);
  const rest = bench.encoder().encodeInto(body, [{ ...piece, fates: Uint8Array.of(1, 1, 0) }], 9);
  const [three] = bench.read(body, rest);
  assert.deepEqual(
    [one, two, three].map((doc) => [doc?.action.create?._id, doc?.source.message, doc?.source.log.offset]),
    [
      [`${SID}-1000`, "one", 1000],
      [`${SID}-1040`, "two", 1040],
      [`${SID}-1090`, "three", 1090],
    ],
  );
  assert.equal(two?.source._doc_count, 4);
  assert.equal(three?.source["@timestamp"], "2001-02-03T04:05:06.789Z");
});

/** Lines of any bytes except newlines. A line with only \r counts as empty, like a line without bytes. */
const lines = fc.array(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).map((b) => (b === 10 ? 11 : b))),
  { minLength: 1, maxLength: 40 },
);

test("whatever the chunks, verdicts and sizes of bodies: each open record becomes one document, once, in order", () => {
  const bench = new Bench();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(lines, fc.nat(2 ** 40), fc.nat()), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 700, max: 6000 }),
      fc.integer({ min: 1, max: 30 }),
      (chunks, size, maxDocs) => {
        const expected: { id: string; message: string }[] = [];
        let pieces = chunks.map(([texts, start, seed]): Piece => {
          const bytes = Buffer.concat(texts.flatMap((text) => [text, Buffer.from("\n")]));
          const piece = bench.piece(bytes, { start });
          const fates = Uint8Array.from({ length: piece.records }, (_, i) => (seed >> (i % 8)) & 1);
          let at = 0;
          let record = 0;
          for (const text of texts) {
            const kept = text.at(-1) === 13 ? text.subarray(0, -1) : text;
            if (kept.length > 0 && fates[record++] === 0)
              expected.push({
                id: `${SID}-${start + at}`,
                message: new TextDecoder("utf-8", { ignoreBOM: true }).decode(kept),
              });
            at += text.length + 1;
          }
          return { ...piece, fates: seed % 3 === 0 && !fates.includes(1) ? undefined : fates };
        });
        const regions = pieces.map((piece) => piece.region as Region);
        const got: { id: string; message: string }[] = [];
        while (pieces.length > 0) {
          const body = bench.body(size);
          const encoded = bench.encoder().encodeInto(body, pieces, maxDocs);
          assert.ok(encoded.docs <= maxDocs && encoded.bytes <= size);
          for (const doc of bench.read(body, encoded))
            got.push({ id: doc.action.create?._id ?? "", message: doc.source.message });
          let count = 0;
          const rest = pieces.slice(encoded.runs.length);
          for (const [i, { records }] of encoded.runs.entries()) {
            const piece = pieces[i] as Piece;
            const fates = piece.fates?.slice() ?? new Uint8Array(piece.records);
            for (let record = 0; record < records; record++) if (fates[record] === 0) count++;
            if (records < piece.records) rest.unshift({ ...piece, fates: fates.fill(1, 0, records) });
          }
          assert.equal(count, encoded.docs);
          bench.arena.release(body);
          pieces = rest;
          assert.ok(encoded.docs > 0 || pieces.length === 0, "no progress");
        }
        for (const region of regions) bench.arena.release(region);
        assert.deepEqual(got, expected);
        assert.equal(bench.arena.count, 0);
      },
    ),
    { numRuns: 300 },
  );
});
