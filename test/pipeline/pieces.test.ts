import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { DEAD, DELIVERED, DUPLICATE, OPEN } from "../../src/core/fate.ts";
import { EXISTS, REFUSED, RETRY, STORED } from "../../src/core/output.ts";
import { type EncodedBody, Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { bury, pieceOf, settleMixed, settleStored } from "../../src/pipeline/pieces.ts";
import { Line, lines } from "./line.ts";

const REFUSAL = { status: 400, type: "mapping", reason: "no" };
const FATE = { [STORED]: DELIVERED, [EXISTS]: DUPLICATE, [REFUSED]: DEAD, [RETRY]: OPEN } as Record<number, number>;

/** Encodes the open records of the chunks into one body. */
function encode(
  line: Line,
  chunks: readonly Chunk[],
  maxDocs = 1000,
): { pieces: ReturnType<typeof pieceOf>[]; encoded: EncodedBody } {
  const encoder = new Encoder(line.arena, line.kernel, { operation: "create", ids: "offset" });
  const body = line.arena.allocHigh(1 << 20);
  assert.ok(body);
  const pieces = chunks.map(pieceOf);
  const encoded = encoder.encodeInto(body, pieces, maxDocs);
  line.arena.release(body);
  return { pieces, encoded };
}

test("a whole body stored settles exactly the records that were in it", () => {
  const line = new Line();
  const chunks = [line.add(lines(0, 3)), line.add(lines(3, 3))];
  const { encoded } = encode(line, chunks, 4);
  settleStored(line.buffer.state, chunks, encoded.runs);
  assert.deepEqual([chunks[0]?.open, chunks[1]?.open, line.fate(DELIVERED)], [0, 2, 4]);
  assert.deepEqual([...(chunks[1]?.fates ?? [])], [DELIVERED, OPEN, OPEN]);
});

const verdict = fc.constantFrom(STORED, STORED, EXISTS, RETRY, REFUSED);
const rounds = fc.array(fc.array(verdict, { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 4 });

test("each document's verdict reaches its own record, round after round", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), rounds, (sizes, all) => {
      const line = new Line();
      const { state } = line.buffer;
      const chunks = sizes.map((size, i) => line.add(lines(i * 10, size)));
      const reference = sizes.map((size) => Array.from({ length: size }, () => OPEN));
      for (const verdicts of all) {
        const open = chunks.filter((chunk) => chunk.open > 0);
        if (open.length === 0) break;
        const { pieces, encoded } = encode(line, open);
        let doc = 0;
        for (const chunk of open) {
          const fates = reference[chunks.indexOf(chunk)] as number[];
          fates.forEach((fate, i) => {
            if (fate === OPEN) fates[i] = FATE[verdicts[doc++ % 12] as number] as number;
          });
        }
        assert.equal(encoded.docs, doc);
        const given = Uint8Array.from({ length: doc }, (_, i) => verdicts[i % 12] as number);
        const refusals = new Map([...given.entries()].filter(([, v]) => v === REFUSED).map(([i]) => [i, REFUSAL]));
        settleMixed(state, open, pieces, encoded.runs, { verdicts: given, refusals });
        chunks.forEach((chunk, i) => {
          const expected = reference[i] as number[];
          const left = expected.filter((fate) => fate === OPEN).length;
          assert.equal(chunk.open, left);
          if (left > 0 && left < expected.length) assert.deepEqual([...(chunk.fates ?? [])], expected);
        });
      }
      for (const fate of [DELIVERED, DUPLICATE, DEAD]) {
        assert.equal(line.fate(fate), reference.flat().filter((f) => f === fate).length);
      }
      assert.equal(
        chunks.reduce((sum, { letters }) => sum + letters.length, 0),
        line.fate(DEAD),
      );
    }),
    { numRuns: 60 },
  );
});

test("a document that was there already is unexpected, unless an earlier attempt may have stored it", () => {
  const line = new Line();
  const { state } = line.buffer;
  const chunks = [line.add(lines(0, 2)), line.add(lines(2, 2)), line.add(lines(4, 2))];
  (chunks[1] as Chunk).maybe = true;
  const { pieces, encoded } = encode(line, chunks);
  const verdicts = Uint8Array.from([EXISTS, STORED, EXISTS, EXISTS, EXISTS, RETRY]);
  assert.equal(settleMixed(state, chunks, pieces, encoded.runs, { verdicts, refusals: new Map() }), 1);
  assert.equal(chunks[2]?.maybe, true, "a server that turned some away may yet store them");
});

test("a letter keeps the record's bytes while their quota lasts, and always its place", () => {
  const line = new Line({ quotas: { letters: 10 } });
  const { state } = line.buffer;
  const chunk = line.add("first\nsecond\nthird\n");
  bury(state, chunk, 0, REFUSAL);
  bury(state, chunk, 1, REFUSAL);
  bury(state, chunk, 2);
  assert.deepEqual(
    chunk.letters.map(({ offset, bytes, body, reason }) => [
      offset,
      bytes,
      body && Buffer.from(body).toString(),
      reason,
    ]),
    [
      [0, 5, "first", "no"],
      [6, 6, undefined, "no"],
      [13, 5, "third", "the server gave no reason"],
    ],
  );
  assert.equal(state.letterBytes, 10);
  assert.equal(chunk.letters[0]?.index, "logs-test-default");
});
