import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { KIND, TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import { LEVELS } from "../../src/core/options.ts";
import type { Encoded } from "../../src/kernel/kernel.ts";
import type { TemplateParts } from "../../src/kernel/template.ts";
import {
  anyText,
  arena,
  BARE,
  kernel,
  PARTS,
  PARTS_WITH_LEVEL,
  PARTS_WITHOUT_ID,
  ROUNDS,
  withTarget,
  withTemplate,
  withText,
} from "./rig.ts";
import * as references from "./references.ts";

interface Row {
  readonly record: Uint8Array;
  /** Relative to the start of the chunk. */
  readonly start: number;
  readonly weight: number;
  readonly time: number;
  readonly kind: number;
}

interface Wish {
  readonly parts?: TemplateParts;
  readonly base?: number;
  readonly capacity?: number;
  readonly maxDocs?: number;
  readonly record?: number;
  readonly verdicts?: readonly number[];
}

function table(rows: readonly Row[]): Buffer {
  const bytes = Buffer.alloc(rows.length * TABLE_ENTRY);
  let end = 0;
  rows.forEach(({ record, start, weight, time, kind }, i) => {
    end += record.length;
    bytes.writeUInt32LE(end, i * TABLE_ENTRY + TABLE.end);
    bytes.writeUInt32LE(start, i * TABLE_ENTRY + TABLE.start);
    bytes.writeUInt32LE(weight, i * TABLE_ENTRY + TABLE.weight);
    bytes[i * TABLE_ENTRY + TABLE.kind] = kind;
    bytes.writeDoubleLE(time, i * TABLE_ENTRY + TABLE.time);
  });
  return bytes;
}

type Result = Encoded & { readonly body: string };

function encode(rows: readonly Row[], wish: Wish = {}): Result {
  const { parts = PARTS, base = 0, capacity = 100_000, maxDocs = 1e9, record = 0, verdicts } = wish;
  return withText(Buffer.concat(rows.map((row) => row.record)), (src) =>
    withText(table(rows), (entries) =>
      withText(Uint8Array.from(verdicts ?? []), (open) =>
        withTarget(capacity, (dst, dstFrom) =>
          withTemplate(parts, (template) => {
            const target = {
              dst,
              dstFrom,
              capacity,
              template,
              maxDocs,
              verdicts: verdicts && open,
              first: verdicts ? record : 0,
            };
            const result = kernel.encodeTable({ src, table: entries, records: rows.length, record, base, ...target });
            return { ...result, body: arena.view(dst, dstFrom, dstFrom + result.bytes).toString() };
          }),
        ),
      ),
    ),
  );
}

function expected(rows: readonly Row[], wish: Wish = {}): Result {
  const { parts = PARTS, base = 0, capacity = 100_000, maxDocs = 1e9, record = 0, verdicts } = wish;
  const body: Buffer[] = [];
  let [bytes, consumed, records] = [0, 0, 0];
  for (const [i, row] of rows.entries()) {
    if (i < record) continue;
    if ((verdicts?.[i] ?? 0) === 0) {
      const document = references.document(parts, { ...row, offset: base + row.start });
      if (body.length === maxDocs || bytes + document.length > capacity) break;
      body.push(document);
      bytes += document.length;
    }
    consumed += row.record.length;
    records++;
  }
  return { docs: body.length, bytes, consumed, records, body: Buffer.concat(body).toString() };
}

function check(rows: readonly Row[], wish: Wish = {}): void {
  assert.deepEqual(encode(rows, wish), expected(rows, wish));
}

const anyRow: fc.Arbitrary<Row> = fc
  .tuple(
    fc.oneof(anyText, fc.constant(Buffer.alloc(0))),
    fc.integer({ min: 0, max: 2 ** 30 }),
    fc.constantFrom(1, 1, 2, 4, 10, 9_999_999, 16_777_215),
    fc.oneof(fc.constantFrom(NaN, 0, -1, 1e20, -1e20, Infinity), fc.double({ min: -7e13, max: 2.6e14 })),
    fc.constantFrom(...Object.values(KIND)),
    fc.integer({ min: 0, max: LEVELS.length }),
  )
  .map(([text, start, weight, time, what, level]) => ({
    record: what === KIND.object ? Buffer.concat([Buffer.from("{"), text, Buffer.from("}")]) : text,
    start,
    weight,
    time,
    kind: what === KIND.object ? what | (level << 4) : what,
  }));
const anyRows = fc.array(anyRow, { maxLength: 8 });

test("a joined record with its own time and a weight", () => {
  const record = Buffer.from("first\r\n\tsecond\n");
  const { body } = encode(
    [{ record, start: 77, weight: 4, time: Date.UTC(2026, 10, 24, 6, 40, 12, 7), kind: KIND.text }],
    {
      base: 1000,
    },
  );
  assert.deepEqual(JSON.parse(body.split("\n")[1] ?? ""), {
    "@timestamp": "2026-11-24T06:40:12.007Z",
    message: "first\r\n\tsecond\n",
    log: { file: { path: "/var/log/a.log" }, offset: 1077 },
    _doc_count: 4,
    sample: { rate: 4 },
    host: { name: "web-1" },
  });
});

test("an object: its members beside ours; and a message that should have been one", () => {
  const record = Buffer.from('{"a":{"n":1.0},"message":"m"}');
  const object = { record, start: 1, weight: 2, time: NaN, kind: KIND.object | (3 << 4) };
  const { body } = encode([object, { ...object, record: Buffer.from("{}") }, { ...object, kind: KIND.invalid }]);
  const [first = "", empty = "", broken = ""] = body.split("\n").filter((_, i) => i % 2 === 1);
  const ours = {
    "@timestamp": PARTS.time,
    log: { file: { path: "/var/log/a.log" }, offset: 1, level: "info" },
    _doc_count: 2,
    sample: { rate: 2 },
    host: { name: "web-1" },
  };
  assert.deepEqual(JSON.parse(first), { ...ours, a: { n: 1 }, message: "m" });
  assert.match(first, /,"a":\{"n":1\.0\},/);
  assert.deepEqual(JSON.parse(empty), ours);
  const { message, error } = JSON.parse(broken);
  assert.deepEqual([message, error], [String(record), { message: "the line is no valid JSON" }]);
});

test("times: every day of five centuries, and the ends", () => {
  const record = Buffer.from("a");
  const parts = { ...BARE, lead: " ", tail: "\n" };
  const days: Row[] = [];
  for (let day = -180_000; day < 60_000; day += 1) {
    days.push({ record, start: 0, weight: 1, kind: KIND.text, time: day * 86_400_000 + ((day * 7_919) % 86_400_000) });
    if (days.length === 2000) check(days.splice(0), { parts, capacity: 1 << 17 });
  }
  const ends = [
    -62_167_219_200_001, -62_167_219_200_000, -62_162_121_600_001, 253_402_300_799_999, 253_402_300_800_000,
  ];
  check(ends.map((time) => ({ record, start: 0, weight: 1, kind: KIND.text, time })));
});

test("the same as its reference on any records, from any of them", () => {
  const anyParts = fc.constantFrom(PARTS, PARTS_WITHOUT_ID, PARTS_WITH_LEVEL, { ...BARE, path: '"' });
  fc.assert(
    fc.property(anyRows, anyParts, fc.nat(2 ** 40), fc.nat(8), (rows, parts, base, record) => {
      check(rows, { parts, base, record: Math.min(record, rows.length) });
    }),
    { numRuns: 1500 * ROUNDS },
  );
});

test("every capacity, verdicts and a limit of documents", () => {
  const verdicts = fc.array(fc.constantFrom(0, 0, 2), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 4 }), verdicts, fc.nat(4), (rows, open, maxDocs) => {
      const all = expected(rows).bytes;
      for (let capacity = 0; capacity <= Math.min(all + 1, 600); capacity += 3) check(rows, { capacity });
      check(rows, { verdicts: open, maxDocs });
      check(rows, { verdicts: open, record: Math.min(2, rows.length), capacity: 500 });
    }),
    { numRuns: 60 * ROUNDS },
  );
});
