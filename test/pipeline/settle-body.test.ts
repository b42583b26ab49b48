import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { DEAD, DELIVERED, DUPLICATE, OPEN } from "../../src/core/fate.ts";
import { EXISTS, type EncodedBody, REFUSED, RETRY, STORED, UNCLEAR } from "../../src/core/output.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { type Sent, refuseFirst, settleMixed, settleStored } from "../../src/pipeline/settle-body.ts";
import { lines } from "../buffer/running.ts";
import { Line } from "./line.ts";

const REFUSAL = { status: 400, type: "mapping", reason: "no" };
const FATE: Readonly<Record<number, number>> = {
  [STORED]: DELIVERED,
  [EXISTS]: DUPLICATE,
  [REFUSED]: DEAD,
  [RETRY]: OPEN,
};

/** Encodes the open records of the chunks into one body. */
function encode(line: Line, chunks: readonly Chunk[], maxDocs = 1000): { sent: Sent; encoded: EncodedBody } {
  const encoder = new Encoder(line.arena, line.kernel, { operation: "create", ids: "offset" });
  const body = line.arena.allocHigh(1 << 20);
  assert.ok(body);
  const encoded = encoder.encodeInto(body, chunks, maxDocs);
  line.arena.release(body);
  return { sent: { chunks, runs: encoded.runs, target: "sent-to" }, encoded };
}

test("a whole body stored settles exactly the records that were in it", async () => {
  await using line = new Line();
  const chunks = [line.add(lines(0, 3)), line.add(lines(3, 3))];
  settleStored(line.buffer.outbox, encode(line, chunks, 4).sent);
  assert.deepEqual([chunks[0]?.open, chunks[1]?.open, line.fate(DELIVERED)], [0, 2, 4]);
  assert.deepEqual([...(chunks[1]?.fates ?? [])], [DELIVERED, OPEN, OPEN]);
});

const verdict = fc.constantFrom(STORED, STORED, EXISTS, RETRY, REFUSED);
const rounds = fc.array(fc.array(verdict, { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 4 });
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });

test("each document's verdict reaches its own record, round after round", async () => {
  await using line = new Line();
  const { outbox } = line.buffer;
  const dead = (): number => line.state.deadLetters;
  fc.assert(
    fc.property(sizes, rounds, (all, answers) => {
      const before = [DELIVERED, DUPLICATE, DEAD].map((fate) => line.fate(fate));
      const chunks = all.map((size, i) => line.add(lines(i * 10, size)));
      const reference = all.map((size) => Array.from({ length: size }, () => OPEN));
      const letters = dead();
      for (const verdicts of answers) {
        const open = chunks.filter((chunk) => chunk.open > 0);
        if (open.length === 0) break;
        const { sent, encoded } = encode(line, open);
        let doc = 0;
        const counts = { settled: 0, rest: 0 };
        for (const chunk of open) {
          const fates = reference[chunks.indexOf(chunk)] as number[];
          fates.forEach((fate, i) => {
            if (fate !== OPEN) return;
            fates[i] = FATE[verdicts[doc++ % 12] as number] as number;
            counts[fates[i] === OPEN ? "rest" : "settled"]++;
          });
        }
        assert.equal(encoded.docs, doc);
        const given = Uint8Array.from({ length: doc }, (_, i) => verdicts[i % 12] as number);
        const refusals = new Map([...given.entries()].filter(([, v]) => v === REFUSED).map(([i]) => [i, REFUSAL]));
        const { settled, rest } = settleMixed(outbox, sent, { verdicts: given, refusals });
        assert.deepEqual({ settled, rest }, counts);
        chunks.forEach((chunk, i) => {
          const expected = reference[i] as number[];
          const left = expected.filter((fate) => fate === OPEN).length;
          assert.equal(chunk.open, left);
          if (left > 0 && left < expected.length) assert.deepEqual([...(chunk.fates ?? [])], expected);
        });
      }
      for (const [i, fate] of [DELIVERED, DUPLICATE, DEAD].entries()) {
        const expected = reference.flat().filter((own) => own === fate).length;
        assert.equal(line.fate(fate) - (before[i] as number), expected);
        if (fate === DEAD) assert.equal(dead() - letters, expected);
      }
      for (const chunk of chunks) if (chunk.open > 0) outbox.settleRun(chunk, 0, chunk.records, DELIVERED);
    }),
    { numRuns: 60 },
  );
});

test("a document that was there already is unexpected, unless an earlier attempt may have stored it", async () => {
  await using line = new Line();
  const chunks = [line.add(lines(0, 2)), line.add(lines(2, 2)), line.add(lines(4, 2))] as [Chunk, Chunk, Chunk];
  chunks[1].possiblyStored = true;
  const { sent } = encode(line, chunks);
  const verdicts = Uint8Array.from([EXISTS, STORED, EXISTS, EXISTS, EXISTS, RETRY]);
  const { unexpected, rest } = settleMixed(line.buffer.outbox, sent, { verdicts, refusals: new Map() });
  assert.deepEqual([unexpected, rest], [1, 1]);
  assert.ok(chunks[2].possiblyStored && chunks[2].sent, "a server that turned some away may yet store them");
});

test("what is refused while too many dead letters wait is sent again", async () => {
  await using line = new Line();
  const chunk = line.add(lines(0, 3));
  const { sent } = encode(line, [chunk]);
  line.state.deadLetters = 4000;
  const verdicts = Uint8Array.from([STORED, REFUSED, REFUSED]);
  const refusals = new Map([
    [1, REFUSAL],
    [2, REFUSAL],
  ]);
  const { settled, rest, refused } = settleMixed(line.buffer.outbox, sent, { verdicts, refusals }, () => true);
  assert.deepEqual([settled, rest, refused.size], [1, 2, 0]);
  assert.deepEqual([...(chunk.fates ?? []), chunk.deadLetters], [DELIVERED, OPEN, OPEN, undefined]);
});

test("a chunk of which records were refused goes on being refused, or its rest and its letters would wait for each other", async () => {
  await using line = new Line();
  const [begun, other] = [line.add(lines(0, 3)), line.add(lines(3, 1))];
  const first = encode(line, [begun], 1);
  settleMixed(line.buffer.outbox, first.sent, { verdicts: Uint8Array.of(REFUSED), refusals: new Map() });
  line.state.deadLetters += 4000;
  const { sent } = encode(line, [begun, other]);
  const verdicts = Uint8Array.of(REFUSED, REFUSED, REFUSED);
  const { settled, rest } = settleMixed(line.buffer.outbox, sent, { verdicts, refusals: new Map() });
  assert.deepEqual([settled, rest, begun.open, other.open], [2, 1, 0, 1]);
  line.state.deadLetters -= 4000;
});

test("what is refused while many bodies of dead letters wait is sent again, so that each keeps its own", async () => {
  await using line = new Line();
  const chunk = line.add(lines(0, 1));
  const { sent } = encode(line, [chunk]);
  line.state.deadLetterBytes = line.state.quotas.deadLetters / 2 + 1;
  const refuse = (): number =>
    settleMixed(line.buffer.outbox, sent, { verdicts: Uint8Array.of(REFUSED), refusals: new Map() }).rest;
  assert.equal(refuse(), 1);
  line.state.deadLetterBytes = 0;
  assert.equal(refuse(), 0);
});

test("what is unclear is refused where its chunk is condemned, and sent again where it is not", async () => {
  await using line = new Line();
  const chunks = [line.add(lines(0, 2)), line.add(lines(2, 2))];
  const { sent } = encode(line, chunks);
  const verdicts = Uint8Array.from([STORED, UNCLEAR, UNCLEAR, UNCLEAR]);
  const refusals = new Map([1, 2, 3].map((doc) => [doc, REFUSAL]));
  const condemns = (chunk: Chunk): boolean => chunk === chunks[1];
  const { settled, rest, refused } = settleMixed(line.buffer.outbox, sent, { verdicts, refusals }, condemns);
  assert.deepEqual([settled, rest], [3, 1]);
  assert.deepEqual([...(chunks[0]?.fates ?? [])], [DELIVERED, OPEN]);
  assert.deepEqual([chunks[1]?.open, line.fate(DEAD)], [0, 2]);
  assert.deepEqual([...refused.values()], [{ documents: 2, first: REFUSAL }]);
});

test("a refusal without a reason is one all the same", async () => {
  await using line = new Line();
  const chunk = line.add(lines(0, 2));
  const { sent } = encode(line, [chunk]);
  settleMixed(line.buffer.outbox, sent, { verdicts: Uint8Array.of(RETRY, REFUSED), refusals: new Map() });
  const [letter] = chunk.deadLetters ?? [];
  assert.deepEqual([letter?.offset, letter?.reason, letter?.index], [7, "the server gave no reason", "sent-to"]);
});

test("the first open record alone is refused, the others stay", async () => {
  await using line = new Line();
  const chunk = line.add(lines(0, 3));
  line.buffer.outbox.settleRun(chunk, 0, 1, DELIVERED);
  refuseFirst(line.buffer.outbox, chunk, REFUSAL, "index");
  assert.deepEqual([...(chunk.fates ?? [])], [DELIVERED, DEAD, OPEN]);
  assert.deepEqual(
    chunk.deadLetters?.map(({ offset, status }) => [offset, status]),
    [[7, 400]],
  );
  const alone = line.add(lines(0, 1));
  refuseFirst(line.buffer.outbox, alone, REFUSAL, "index");
  assert.equal(alone.open, 0);
});
