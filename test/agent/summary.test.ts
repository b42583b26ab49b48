import assert from "node:assert/strict";
import { test } from "node:test";
import { buffered, many, plural, sayUndelivered, summary } from "../../src/agent/summary.ts";
import { silentLog } from "../../src/core/log.ts";
import { RETIRED } from "../../src/ops/facts.ts";
import { sampleFacts, sampleInput } from "../ops/sample-facts.ts";

const facts = sampleFacts({
  inputs: new Map([
    ["a", sampleInput(100)],
    ["b", sampleInput(1000)],
  ]),
});

test("the summary says where every record is, and that nothing is missing", () => {
  const said = summary(facts);
  const [, read = ""] = /^read ([\d,]+), /.exec(said) ?? [];
  const parts = [...said.matchAll(/(?:delivered|duplicates|sampled|dropped|dead-lettered|buffered) ([\d,]+)/g)];
  const number = (text: string): number => Number(text.replaceAll(",", ""));
  assert.equal(parts.length, 6);
  assert.equal(
    parts.reduce((sum, [, text = ""]) => sum + number(text), 0),
    number(read),
  );
  assert.match(said, /; balance 0 records, 0 bytes$/);
});

test("what is buffered is that of all inputs", () => {
  assert.deepEqual(buffered(facts), { records: 1200, bytes: 1_200_000 });
});

test("inputs that are not configured any more are no inputs", () => {
  const inputs = new Map([...facts.inputs, [RETIRED, sampleInput(0)]]);
  assert.equal(many({ ...facts, inputs }).split(",")[0], "2 inputs");
});

test("one of a thing is no several", () => {
  assert.deepEqual(
    [0, 1, 2, 1000].map((n) => plural(n, "file")),
    ["0 files", "1 file", "2 files", "1,000 files"],
  );
});

test("what is left undelivered, why, and what to do", () => {
  const said: string[] = [];
  const log = { ...silentLog, error: (event: string, message: string) => void said.push(`${event}: ${message}`) };
  const { output } = facts;
  const trouble = { why: "the server answers 403", hint: "give it rights", atMs: 1 };
  const targets = new Map([["logs", { stuck: true, records: 1, bytes: 1, trouble }]]);
  sayUndelivered(log, { ...facts, output: { ...output, targets } }, 300_000);
  const silent = { ...output, targets: new Map(), lastError: undefined, up: false };
  sayUndelivered(log, { ...facts, inputs: new Map(), output: silent }, undefined);
  assert.match(
    said[0] ?? "",
    /^undelivered: no progress for 5m00s: 1,200 records \(1\.2 MB\) .*stay in the buffer, 1\.1 kB are not read; logs: the server answers 403 \(give it rights\)/,
  );
  const up = { ...output, targets: new Map(), lastError: undefined, up: true };
  sayUndelivered(log, { ...facts, output: up, buffer: { ...facts.buffer, aside: 2 } }, undefined);
  assert.match(said[2] ?? "", /; some of them do not fit into buffer\.memory, or cannot be read/);
  assert.match(said[1] ?? "", /^undelivered: told to stop: nothing is left; the server has not answered/);
});
