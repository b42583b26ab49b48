import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionLog, addDeadLetters, mayRefuse } from "../../../src/buffer/ledger/dead-letters.ts";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import { settleEach } from "../../../src/buffer/settle.ts";
import type { Writing } from "../../../src/buffer/commit/writer.ts";
import { DEAD, DROPPED_LETTER } from "../../../src/core/fate.ts";
import { silentLog } from "../../../src/core/log.ts";
import { Held } from "../held.ts";

const REFUSAL = { status: 400, type: "mapping", reason: "no" };
const refused = (...records: readonly number[]) => new Map(records.map((record) => [record, REFUSAL]));

test("a letter keeps the record's bytes while their quota lasts, and its place and reason always", () => {
  using held = new Held({ quotas: { deadLetters: 10 } });
  const chunk = held.add("first\nsecond\nthird\n");
  addDeadLetters(held.state, chunk, refused(0, 1, 2), "logs");
  assert.deepEqual(
    chunk.deadLetters?.map(({ offset, bytes, body }) => [offset, bytes, body && Buffer.from(body).toString()]),
    [
      [0, 6, "first"],
      [6, 7, undefined],
      [13, 6, "third"],
    ],
  );
  assert.deepEqual(
    chunk.deadLetters?.map(({ input, source, path, index, status, type, reason }) =>
      [input, source, path, index, status, type, reason].join(" "),
    )[0],
    "a a /a logs 400 mapping no",
  );
  assert.deepEqual([held.state.deadLetterBytes, held.state.deadLetters], [10, 3]);
});

test("of a chunk with a record table a letter has the record, at its place in the source", () => {
  using held = new Held();
  held.add("0123456789\n");
  const chunk = held.add("one\ntwo\n", { table: true });
  addDeadLetters(held.state, chunk, refused(1), "logs");
  const [letter] = chunk.deadLetters ?? [];
  assert.deepEqual([letter?.offset, Buffer.from(letter?.body ?? []).toString()], [15, "two"]);
});

test("letters wait with the fate of their chunk, and are stored in the transaction that carries it", () => {
  using held = new Held();
  const chunk = held.add("1\n2\n");
  setMode(held.state, chunk.queue, "spill");
  const writing = held.compose() as Writing;
  addDeadLetters(held.state, chunk, refused(0, 1), "logs");
  settleEach(held.state, chunk, Uint8Array.of(DEAD, DEAD));
  held.write(writing);
  assert.deepEqual([held.disk.value("SELECT count(*) FROM dead_letters"), held.state.deadLetters], [0, 2]);
  held.commit();
  assert.deepEqual([held.disk.value("SELECT count(*) FROM dead_letters"), held.state.deadLetters], [2, 0]);
  assert.equal(held.state.deadLetterBytes, 0);
});

test("so many may wait for a commit, then what is refused stays open", () => {
  using held = new Held({ quotas: { deadLetters: 1 << 20 } });
  assert.ok(mayRefuse(held.state));
  const chunk = held.add("1\n".repeat(4000));
  addDeadLetters(held.state, chunk, refused(...Array(4000).keys()), "logs");
  assert.ok(!mayRefuse(held.state));
});

test("what is removed to keep to the budget moves from one fate to the other, live and durable, with its ranges", () => {
  using held = new Held({ deadLetters: 4000 });
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
  const chunk = held.add(lines.join(""));
  addDeadLetters(held.state, chunk, refused(...lines.keys()), "logs");
  settleEach(held.state, chunk, new Uint8Array(20).fill(DEAD));
  held.commit();
  const kept = held.disk.value("SELECT count(*) FROM dead_letters") as number;
  assert.ok(kept > 0 && kept < 5, `${kept} of one reason are within a quarter of 4,000 bytes`);
  assert.deepEqual([held.fate(DEAD), held.fate(DROPPED_LETTER)], [kept, 20 - kept]);
  const gone = lines.slice(0, 20 - kept).join("").length;
  assert.deepEqual(held.disk.rows("SELECT fate, records, bytes FROM ledger WHERE fate LIKE 'dead%' ORDER BY fate"), [
    ["dead_letter_budget", 20 - kept, gone],
    ["dead_lettered", kept, lines.join("").length - gone],
  ]);
  assert.deepEqual(held.disk.rows('SELECT fate, source, start, "end", records, bytes FROM losses'), [
    ["dead_letter_budget", "a", 0, gone, 20 - kept, gone],
  ]);
  held.sound();
});

test("a letter brings what its document has beside the record", () => {
  using held = new Held();
  const plain = held.add("one\n");
  const table = held.add("one\ntwo\n", { table: true });
  for (const chunk of [plain, table]) addDeadLetters(held.state, chunk, refused(0), "logs");
  const facts = { host: "h", fields: {}, kind: 0, weight: 1, time: null };
  for (const { deadLetters, readAtMs } of [plain, table])
    assert.deepEqual(JSON.parse(deadLetters?.[0]?.document ?? ""), { ...facts, readAtMs });
});

test("removed letters are said at once, then added up and said once a minute, and at the end", () => {
  using held = new Held();
  const said: unknown[] = [];
  const warn = (event: string, text: string, facts: object = {}): void => void said.push({ event, text, ...facts });
  const log = { ...silentLog, warn };
  const evictions = new EvictionLog(held.clock, log);
  const note = (records: number, index = "i"): void => {
    evictions.note([{ input: "a", index, status: 400, type: "t", records, bytes: 10 * records }]);
    evictions.say();
  };
  note(3);
  note(4);
  note(5);
  assert.deepEqual(said.length, 1);
  held.clock.advance(60_000);
  evictions.say();
  const facts = { event: "dead_letters_evicted", input: "a", index: "i", status: 400, type: "t" };
  const text = (n: number): string =>
    `${n} dead letters of input a for i, refused with 400 t, were removed to keep to \`output.dead_letters\` and are lost; listed by: spillway losses list`;
  assert.deepEqual(said, [
    { ...facts, text: text(3), documents: 3, bytes: 30 },
    { ...facts, text: text(9), documents: 9, bytes: 90 },
  ]);
  for (let i = 0; i < 100; i++) note(1, `index-${i}`);
  assert.equal(said.length, 2);
  evictions.say("now");
  assert.equal(said.length, 2 + 64 + 1, "so many are told apart");
  assert.equal((said.at(-1) as { documents: number }).documents, 36);
});
