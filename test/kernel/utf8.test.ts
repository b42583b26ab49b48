// Repair of UTF-8 by `encode`, compared with TextDecoder: a record's message is read back with JSON.parse.
import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { EncodeJob } from "../../src/kernel/kernel.ts";
import { arena, BARE, kernel, ROUNDS, withTarget, withTemplate, withText } from "./rig.ts";
import * as references from "./references.ts";

const parts = { ...BARE, lead: '"', path: '",', tail: "\n" };

/** The messages of all lines of a text. Each line is a record. */
function messages(text: Uint8Array, shift = 0): string[] {
  const capacity = text.length * 6 + references.lines(text).length * 20;
  return withText(text, (src, from) => read({ src, from, length: text.length }, capacity), shift);
}

function read(text: Pick<EncodeJob, "src" | "from" | "length">, capacity: number): string[] {
  return withTarget(capacity, (dst, dstFrom) =>
    withTemplate(parts, (template) => {
      const target = { dst, dstFrom, capacity, template, maxDocs: 1e9, first: 0 };
      const { bytes, consumed } = kernel.encode({ ...text, ...target, base: 0 });
      assert.equal(consumed, text.length);
      const body = Buffer.from(arena.view(dst, dstFrom, dstFrom + bytes));
      assert.ok(isUtf8(body), "the body is not UTF-8");
      const lines = body.toString().split("\n").slice(0, -1);
      return lines.map((line) => (JSON.parse(`[${line}]`) as [string])[0]);
    }),
  );
}

/** Checks records, a thousand in each text. No record may contain a line end. */
function check(records: readonly Uint8Array[]): void {
  for (let from = 0; from < records.length; from += 1000) {
    const some = records.slice(from, from + 1000);
    const found = messages(Buffer.concat(some.flatMap((record) => [record, Buffer.from("\n")])));
    assert.equal(found.length, some.length);
    for (const [i, record] of some.entries())
      if (found[i] !== references.message(record))
        assert.equal(found[i], references.message(record), Buffer.from(record).toString("hex"));
  }
}

const ends = (byte: number): boolean => byte === 10 || byte === 13;

test("every pair of bytes, alone and in the middle", () => {
  for (let first = 0; first < 256; first++) {
    if (ends(first)) continue;
    const pairs: number[][] = [];
    for (let second = 0; second < 256; second++) if (!ends(second)) pairs.push([first, second]);
    check(pairs.map((pair) => Uint8Array.from(pair)));
    check(pairs.map((pair, i) => Buffer.from([...Array<number>(i % 67).fill(97), ...pair, 98, 99])));
    check(
      pairs.map((pair, i) => Buffer.concat([Buffer.from("é".repeat(i % 37)), Buffer.from(pair), Buffer.from("日")])),
    );
  }
});

const EDGES = [0x22, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe4, 0xf0];
/** Sequences of three and four bytes with a fault in any place, and cut sequences. */
function sequences(): number[][] {
  const all: number[][] = [];
  for (let lead = 0xe0; lead <= 0xf8; lead++)
    for (const second of EDGES)
      for (const third of EDGES) {
        all.push([lead, second, third]);
        if (lead >= 0xef) for (const fourth of EDGES) all.push([lead, second, third, fourth]);
      }
  return all;
}

test("three and four bytes at every edge of their ranges, at every place in a block", () => {
  for (const pad of [0, 1, 13, 14, 15, 16, 47, 61, 62, 63]) {
    const before = Buffer.from("a".repeat(pad));
    check(sequences().map((sequence) => Buffer.concat([before, Buffer.from(sequence)])));
  }
  const between = sequences().map((sequence, i) =>
    Buffer.concat([Buffer.from("ü".repeat(i % 50)), Buffer.from(sequence), Buffer.from("ß")]),
  );
  check(between);
});

test("what the end of the text cuts", () => {
  for (const whole of ["é", "日", "🙂", "aé", "ab日", "日本🙂"])
    for (let pad = 0; pad < 70; pad++) {
      const bytes = Buffer.from("x".repeat(pad) + whole);
      for (let length = pad; length < bytes.length; length++) {
        if (length === 0) continue;
        const cut = bytes.subarray(0, length);
        // The bytes behind the text depend on the shift. Some of them would complete the sequence.
        for (const shift of [0, 1, 2]) assert.deepEqual(messages(cut, shift), [references.message(cut)]);
      }
    }
});

test("good text with some bytes changed", () => {
  const tongues = [
    "Größe übermäßig, façade déjà vu. ",
    "用户登录成功，服务器响应时间正常。",
    "Привет мир ",
    "🙂🚀👩‍👩‍👧 ",
    "plain ascii text ",
    '"quoted" \\ ',
  ];
  const text = fc
    .array(fc.constantFrom(...tongues), { minLength: 1, maxLength: 12 })
    .map((all) => Buffer.from(all.join("")));
  const change = fc.tuple(fc.nat(2000), fc.integer({ min: 14, max: 255 }));
  fc.assert(
    fc.property(text, fc.array(change, { maxLength: 4 }), (record, changes) => {
      for (const [at, byte] of changes) record[at % record.length] = byte;
      check([record, record.subarray(0, record.length - 1), record.subarray(1)]);
    }),
    { numRuns: 2000 * ROUNDS },
  );
});
