import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/ops/facts.ts";
import { buildStatus } from "../../src/ops/status.ts";
import { type Verdict, severityOf, verdict, worstPolicy } from "../../src/ops/verdict.ts";
import { sampleFacts } from "./sample-facts.ts";

const NOW = Date.parse("2026-01-01T00:04:27.000Z");
const facts = sampleFacts();
const of = (changes: Partial<Facts>): Verdict => verdict(buildStatus({ ...facts, ...changes }), NOW);
const well = { ...facts.output, targets: new Map([...facts.output.targets].filter(([, { stuck }]) => !stuck)) };
const calm = new Map([...facts.policies].filter(([name]) => name === "audit"));

test("the worst ladder speaks: what it does, since when, why, what comes next, what to do", () => {
  assert.deepEqual(of({}), {
    severity: "sample",
    word: "SAMPLE",
    says: "for 4m27s: 1 in 4 kept",
    policy: "default",
    why: "output p99 1m30s; 26 % of documents sent again; last error: 429 es_rejected_execution_exception; files without a name hold unread lines",
    next: "drop-oldest in 4m10s",
    todo: "spillway check --connect",
  });
  assert.equal(of({ output: well }).todo, "spillway losses list");
});

test("when all is well it says so and nothing else", () => {
  const { says, why, next, todo, severity } = of({ policies: calm, output: well });
  assert.deepEqual(
    { says, why, next, todo, severity },
    {
      says: "everything is taken, nothing is lost",
      why: undefined,
      next: undefined,
      todo: undefined,
      severity: "accept",
    },
  );
});

test("one index that takes nothing is named while the others take", () => {
  const { says, why, todo, severity } = of({ policies: calm });
  assert.equal(severity, "accept");
  assert.equal(says, "everything is taken; index logs-b takes nothing");
  assert.equal(why, "403 security_exception; grant create_doc");
  assert.equal(todo, "spillway check --connect");
});

test("an output that is away is said also while the buffer takes everything", () => {
  const output = { ...facts.output, up: false, lastError: "connect ECONNREFUSED" };
  const { says, why, todo } = of({ policies: calm, output });
  assert.match(says, /nothing gets through/);
  assert.equal(why, "connect ECONNREFUSED");
  assert.equal(todo, "spillway check --connect");
});

test("starting and stopping are said before any ladder", () => {
  assert.equal(of({ state: "starting" }).word, "STARTING");
  const { word, says } = of({ state: "stopping" });
  assert.equal(word, "STOPPING");
  assert.match(says, /records left/);
});

test("a reload says what it waits for, and why the requests do not end", () => {
  const { word, says, why } = of({ state: "reloading" });
  assert.deepEqual([word, why], ["RELOADING", undefined]);
  assert.equal(says, "the new configuration takes over when the requests under way have ended");
  const output = { ...facts.output, up: false, lastError: "connect ECONNREFUSED" };
  assert.equal(of({ state: "reloading", output }).why, "connect ECONNREFUSED");
});

test("a ledger out of balance is the first thing said", () => {
  const [id, input] = [...facts.inputs][0] as [
    string,
    Facts["inputs"] extends ReadonlyMap<string, infer I> ? I : never,
  ];
  const wrong = { ...input, ledger: { ...input.ledger, read: { records: 0, bytes: 0 } } };
  const { severity, says, todo } = of({ inputs: new Map([[id, wrong]]) });
  assert.equal(severity, "fault");
  assert.match(says, /a bug in spillway/);
  assert.equal(todo, "spillway inspect --json");
});

test("of two ladders the one that loses more is the worse, then the fuller", () => {
  const status = buildStatus(facts);
  assert.equal(worstPolicy(status)?.[0], "default");
  assert.equal(worstPolicy({ policies: {} }), undefined);
  assert.equal(severityOf("rate-limit"), "block");
  assert.equal(severityOf("drop-random"), "drop");
});
