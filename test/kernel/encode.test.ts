import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
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

interface Wish {
  readonly parts?: TemplateParts;
  readonly base?: number;
  readonly capacity?: number;
  readonly maxDocs?: number;
  /** One per record of the text. */
  readonly verdicts?: readonly number[];
  readonly shift?: number;
}

function encode(text: Uint8Array, wish: Wish = {}): Encoded & { readonly body: Buffer } {
  const { parts = PARTS, base = 0, capacity = 100_000, maxDocs = 1e9, verdicts, shift = 0 } = wish;
  const before = 3; // verdicts of earlier records, which are not in this text
  const run = (): Encoded & { readonly body: Buffer } =>
    withText(
      text,
      (src, from) =>
        withTarget(capacity, (dst, dstFrom) =>
          withText(Uint8Array.from([1, 1, 1, ...(verdicts ?? [])]), (open) =>
            withTemplate(parts, (template) => {
              const job = { src, from, length: text.length, base, dst, dstFrom, capacity, template, maxDocs };
              const result = kernel.encode({ ...job, ...(verdicts && { verdicts: open }), first: before });
              return { ...result, body: Buffer.from(arena.view(dst, dstFrom, dstFrom + result.bytes)) };
            }),
          ),
        ),
      shift,
    );
  return run();
}

/** The result that the kernel must return, computed by the reference in references.ts. */
function expected(text: Uint8Array, wish: Wish = {}): Encoded & { readonly body: Buffer } {
  const { parts = PARTS, base = 0, capacity = 100_000, maxDocs = 1e9, verdicts } = wish;
  const body: Buffer[] = [];
  let [bytes, consumed, records] = [0, 0, 0];
  const all = references.lines(text);
  for (const line of all) {
    if ((verdicts?.[records] ?? 0) === 0) {
      const record = text.subarray(line.start, line.end);
      const document = references.document(parts, { offset: base + line.start, record });
      if (body.length === maxDocs || bytes + document.length > capacity) break;
      body.push(document);
      bytes += document.length;
    }
    consumed = line.next;
    records++;
  }
  if (records === all.length) consumed = text.length;
  return { docs: body.length, bytes, consumed, records, body: Buffer.concat(body) };
}

function check(text: Uint8Array, wish: Wish = {}): void {
  const result = encode(text, wish);
  const want = expected(text, wish);
  assert.equal(result.body.toString(), want.body.toString());
  assert.deepEqual(result, want);
}

const anyParts = fc.constantFrom(PARTS, PARTS_WITHOUT_ID, PARTS_WITH_LEVEL, BARE);
const anyBase = fc.oneof(
  fc.constantFrom(0, 1, 95, 99_999_995, 9_999_999_999_000),
  fc.integer({ min: 0, max: 2 ** 52 }),
);

test("a document is what a JSON serialiser would write", () => {
  const text = Buffer.from('\r\n\nhé"llo\\ \t\u0001\r\n\r\nnext\n');
  const result = encode(text, { base: 99_999_990 });
  assert.equal(result.docs, 2);
  const [action, source] = result.body.toString().split("\n");
  assert.deepEqual(JSON.parse(action ?? ""), { create: { _id: "0123456789abcdef01234567-99999993" } });
  assert.deepEqual(JSON.parse(source ?? ""), {
    "@timestamp": "2026-11-24T06:40:12.000Z",
    message: 'hé"llo\\ \t\u0001',
    log: { file: { path: "/var/log/a.log" }, offset: 99_999_993 },
    host: { name: "web-1" },
  });
});

test("a recognised level takes the place of the input's own", () => {
  const text = Buffer.from("06:40:12 ERROR gone\nnothing clear\n");
  const levels = (parts: TemplateParts): unknown[] => {
    const lines = encode(text, { parts }).body.toString().split("\n");
    return [1, 3].map((at) => (JSON.parse(lines[at] ?? "") as { log: { level?: string } }).log.level);
  };
  assert.deepEqual(levels(PARTS), ["error", undefined]);
  assert.deepEqual(levels(PARTS_WITH_LEVEL), ["error", "as the input says"]);
});

test("every level has its name", () => {
  check(Buffer.from(LEVELS.map((level) => `{"level":"${level}"}\n`).join("")));
});

test("offsets of every length", () => {
  for (let power = 1; power <= 2 ** 53; power *= 10)
    for (const base of [power - 1, power]) check(Buffer.from("a\nb\nc"), { base });
  check(Buffer.from("a"), { base: Number.MAX_SAFE_INTEGER });
});

test("the same as its reference on any text", () => {
  fc.assert(
    fc.property(anyText, anyParts, anyBase, fc.nat(40), (text, parts, base, shift) =>
      check(text, { parts, base, shift }),
    ),
    { numRuns: 3000 * ROUNDS },
  );
});

test("every capacity: nothing beyond it, and nothing left out that fits", () => {
  fc.assert(
    fc.property(anyText, anyParts, (text, parts) => {
      const all = expected(text, { parts }).bytes;
      for (let capacity = 0; capacity <= Math.min(all + 1, 700); capacity++) check(text, { parts, capacity });
    }),
    { numRuns: 30 * ROUNDS },
  );
});

test("goes on where it stopped, whatever the capacity", () => {
  fc.assert(
    fc.property(
      anyText,
      fc.integer({ min: 300, max: 900 }),
      fc.integer({ min: 1, max: 4 }),
      (text, capacity, maxDocs) => {
        const bodies: Buffer[] = [];
        const whole = expected(text);
        let [from, records] = [0, 0];
        while (from < text.length) {
          const part = encode(text.subarray(from), { base: from, capacity, maxDocs });
          if (part.consumed === 0) break;
          bodies.push(part.body);
          from += part.consumed;
          records += part.records;
        }
        const stopped = from < text.length;
        if (!stopped) assert.equal(records, whole.records);
        assert.ok(whole.body.toString().startsWith(Buffer.concat(bodies).toString()));
        if (!stopped) assert.equal(Buffer.concat(bodies).length, whole.bytes);
      },
    ),
    { numRuns: 500 * ROUNDS },
  );
});

test("records with a verdict are passed over, also at the ends", () => {
  const verdicts = fc.array(fc.constantFrom(0, 0, 1, 3, 255), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(anyText, verdicts, fc.nat(600), fc.nat(5), (text, open, capacity, maxDocs) => {
      check(text, { verdicts: open });
      check(text, { verdicts: open, capacity, maxDocs });
    }),
    { numRuns: 1000 * ROUNDS },
  );
});
