import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { KIND, TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import { LEVELS } from "../../src/core/options.ts";
import { sampleHash, thinning } from "../../src/policy/sample.ts";
import { level } from "./level.reference.ts";
import { anyText, arena, kernel, ROUNDS, take, withText } from "./rig.ts";
import * as references from "./references.ts";

interface Entry {
  readonly record: string;
  readonly start: number;
  readonly length: number;
  readonly weight: number;
  readonly kind?: number;
  readonly time: number;
}
interface Result {
  readonly entries: Entry[];
  readonly bytes: number;
  readonly sampledRecords: number;
  readonly sampledBytes: number;
}

const SOURCE = "0123456789abcdef01234567";

function thin(text: Uint8Array, base: number, rule: Parameters<typeof thinning>[1]): Result {
  const records = references.lines(text).length;
  const guard = 64;
  const table = take(records * TABLE_ENTRY + guard);
  arena.bytes.fill(0xa5, table.ptr, table.ptr + table.size);
  try {
    return withText(text, (src) => {
      const job = { src, records, base, table, ...thinning(SOURCE, rule), weight: rule.keep };
      const { records: kept, bytes, sampledRecords, sampledBytes } = kernel.thin(job);
      assert.ok(
        arena
          .view(src)
          .subarray(text.length)
          .every((byte) => byte === 10),
        "bytes behind the chunk changed",
      );
      const view = arena.view(table);
      assert.ok(
        view.subarray(kept * TABLE_ENTRY).every((byte) => byte === 0xa5),
        "bytes behind the table changed",
      );
      let from = 0;
      const entries = Array.from({ length: kept }, (_, i) => {
        const u32 = (field: number): number => view.readUInt32LE(i * TABLE_ENTRY + field);
        const record = arena.view(src, from, u32(TABLE.end)).toString("latin1");
        from = u32(TABLE.end);
        const time = view.readDoubleLE(i * TABLE_ENTRY + TABLE.time);
        return { record, start: u32(TABLE.start), length: u32(TABLE.length), weight: u32(TABLE.weight), time };
      });
      return { entries, bytes, sampledRecords, sampledBytes };
    });
  } finally {
    arena.release(table);
  }
}

function expected(text: Uint8Array, base: number, rule: Parameters<typeof thinning>[1]): Result {
  const { seedHigh, seedLow, threshold, always } = thinning(SOURCE, rule);
  const entries: Entry[] = [];
  let [owned, bytes, sampledRecords, sampledBytes] = [0, 0, 0, 0];
  for (const { start, end, next } of references.lines(text)) {
    const record = text.subarray(start, end);
    const important = always < LEVELS.length && level(record) >= always;
    if (important || sampleHash(seedHigh, seedLow, base + start) < threshold) {
      const weight = important ? 1 : rule.keep;
      entries.push({ record: Buffer.from(record).toString("latin1"), start, length: next - owned, weight, time: NaN });
      bytes += record.length;
    } else {
      sampledRecords++;
      sampledBytes += next - owned;
    }
    owned = next;
  }
  return { entries, bytes, sampledRecords, sampledBytes };
}

const rungs = fc.record({
  keep: fc.constantFrom(2, 3, 4, 10),
  always: fc.constantFrom(undefined, ...LEVELS),
});
const logLines = fc
  .array(
    fc.constantFrom(
      "12:00 ERROR x\n",
      "12:00 INFO y\r\n",
      "level=warn z\n",
      '{"level":50}\n',
      "plain\n",
      "\n",
      "\r\n",
      "é".repeat(40) + "\n",
    ),
    { maxLength: 40 },
  )
  .map((all) => Buffer.from(all.join("")));

test("the same as its reference, and every byte of the span accounted for", () => {
  fc.assert(
    fc.property(fc.oneof(logLines, anyText), fc.integer({ min: 0, max: 2 ** 52 }), rungs, (text, base, rule) => {
      const result = thin(text, base, rule);
      assert.deepEqual(result, expected(text, base, rule));
      const kept = result.entries.reduce((sum, entry) => sum + entry.length, 0);
      if (references.lines(text).length > 0) assert.equal(kept + result.sampledBytes, text.length);
    }),
    { numRuns: 2000 * ROUNDS },
  );
});

test("keeps one in n, and every record of the level with weight 1", () => {
  const text = Buffer.from(
    Array.from({ length: 4000 }, (_, i) => `12:00:00 ${i % 10 === 0 ? "WARN" : "INFO"} line ${i}\n`).join(""),
  );
  const { entries } = thin(text, 0, { keep: 4, always: "warn" });
  assert.equal(entries.filter((entry) => entry.weight === 1).length, 400);
  const sampled = entries.filter((entry) => entry.weight === 4).length;
  assert.ok(sampled > 800 && sampled < 1000, `${sampled} of 3600`);
});

const anyRecords = fc.array(
  fc.record({
    record: fc.oneof(
      fc.constantFrom("12:00 ERROR x", "12:00 INFO y", "level=warn z", '{"level":50}', "two\nlines"),
      fc.string({ unit: "binary", maxLength: 60 }),
    ),
    start: fc.nat(2 ** 30),
    length: fc.nat(2 ** 20),
    weight: fc.constantFrom(1, 3, 9_000_000),
    kind: fc.constantFrom(KIND.text, KIND.other, KIND.object, KIND.object | (5 << 4), KIND.object | (9 << 4)),
    time: fc.constantFrom(NaN, 0, 1.7e12),
  }),
  { maxLength: 60 },
);

test("a chunk with a table is thinned by the same rule, and what stays is as it was", () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 0, max: 2 ** 52 }), rungs, (records, base, rule) => {
      const bodies = records.map(({ record }) => Buffer.from(record));
      const text = Buffer.concat(bodies);
      const table = take(records.length * TABLE_ENTRY);
      const view = arena.view(table);
      let to = 0;
      for (const [i, { start, length, weight, kind, time }] of records.entries()) {
        to += (bodies[i] as Buffer).length;
        for (const [field, value] of [
          [TABLE.end, to],
          [TABLE.start, start],
          [TABLE.length, length],
          [TABLE.weight, weight + kind * 2 ** 24],
        ] as const) {
          view.writeUInt32LE(value, i * TABLE_ENTRY + field);
        }
        view.writeDoubleLE(time, i * TABLE_ENTRY + TABLE.time);
      }
      const { seedHigh, seedLow, threshold, always } = thinning(SOURCE, rule);
      const kept = records.flatMap((entry, i) => {
        const isObject = (entry.kind & 15) === KIND.object;
        const own = isObject ? (entry.kind >> 4) - 1 : level(bodies[i] as Buffer);
        if (always < LEVELS.length && own >= always) return [entry];
        return sampleHash(seedHigh, seedLow, base + entry.start) < threshold
          ? [{ ...entry, weight: Math.min(2 ** 24 - 1, entry.weight * rule.keep) }]
          : [];
      });
      withText(text, (src) => {
        const job = { src, records: records.length, base, table, ...thinning(SOURCE, rule), weight: rule.keep };
        const thinned = kernel.thinTable(job);
        const entries: Entry[] = [];
        let from = 0;
        for (let i = 0; i < thinned.records; i++) {
          const u32 = (field: number): number => view.readUInt32LE(i * TABLE_ENTRY + field);
          const record = arena.view(src, from, u32(TABLE.end)).toString();
          from = u32(TABLE.end);
          const time = view.readDoubleLE(i * TABLE_ENTRY + TABLE.time);
          const [start, length] = [u32(TABLE.start), u32(TABLE.length)];
          const [weight, kind] = [u32(TABLE.weight) % 2 ** 24, u32(TABLE.weight) >>> 24];
          entries.push({ record, start, length, weight, kind, time });
        }
        const wellFormed = kept.map((entry) => ({ ...entry, record: Buffer.from(entry.record).toString() }));
        assert.deepEqual(entries, wellFormed);
        assert.equal(thinned.bytes, from);
        const all = records.reduce((sum, { length }) => sum + length, 0);
        assert.equal(thinned.sampledBytes, all - kept.reduce((sum, { length }) => sum + length, 0));
      });
      arena.release(table);
    }),
    { numRuns: 1000 * ROUNDS },
  );
});
