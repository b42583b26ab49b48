// Each row of the bulk contract, with responses as servers really send them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXISTS, REFUSED, RETRY, STORED, UNCLEAR } from "../../../src/core/output.ts";
import type { SendReport } from "../../../src/core/output.ts";
import { judge } from "../../../src/outputs/elasticsearch/verdict.ts";

interface Request {
  readonly status?: number;
  readonly contentType?: string;
  readonly retryAfterMs?: number;
  readonly operation?: "create" | "index";
}

function answered(body: unknown, docs: number, request: Request = {}): SendReport {
  const { status = 200, contentType = "application/json", retryAfterMs, operation = "create" } = request;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return judge({ status, contentType, retryAfterMs, body: Buffer.from(text) }, docs, operation);
}

function items(...list: readonly unknown[]): unknown {
  return { errors: true, items: list.map((item) => ({ create: item })) };
}

const OK = { status: 201 };
const MAPPING = { status: 400, error: { type: "document_parsing_exception", reason: "failed to parse [n]" } };
const CONFLICT = { status: 409, error: { type: "version_conflict_engine_exception", reason: "[1]: version conflict" } };
const BUSY = { status: 429, error: { type: "es_rejected_execution_exception", reason: "rejected execution" } };
const FORBIDDEN = { status: 403, error: { type: "security_exception", reason: "unauthorized for API key id [x]" } };
const MISSING = { status: 404, error: { type: "index_not_found_exception", reason: "no such index [x]" } };
const NO_SHARD = { status: 503, error: { type: "unavailable_shards_exception", reason: "not active" } };
const TOO_LARGE = {
  status: 429,
  error: {
    type: "es_rejected_execution_exception",
    reason: "Request contains an operation of size [7] bytes, which exceeds the maximum allowed limit of [5] bytes",
  },
};

function mixed(report: SendReport): Extract<SendReport, { kind: "mixed" }> {
  assert.equal(report.kind, "mixed", JSON.stringify(report));
  return report as Extract<SendReport, { kind: "mixed" }>;
}

test("the expected bytes: stored", () => {
  const answer = { status: 200, contentType: "application/json", retryAfterMs: undefined, body: "stored" as const };
  assert.deepEqual(judge(answer, 5, "create"), { kind: "stored" });
});

test("all stored in another form (a server that knows no filter_path): stored", () => {
  const full = {
    took: 30,
    errors: false,
    items: [{ create: { _index: "x", _id: "1", result: "created", status: 201 } }],
  };
  assert.deepEqual(answered(full, 1), { kind: "stored" });
});

test("stored in the failure store: stored, and counted", () => {
  const used = { status: 201, failure_store: "used" };
  assert.deepEqual(answered(items(OK, used, used), 3), { kind: "stored", failureStored: 2 });
  assert.equal(mixed(answered(items(used, MAPPING), 2)).failureStored, 1);
});

test("a verdict for each document in its place", () => {
  const report = mixed(answered(items(OK, MAPPING, CONFLICT, BUSY, NO_SHARD, OK), 6));
  assert.deepEqual([...report.verdicts], [STORED, REFUSED, EXISTS, RETRY, RETRY, STORED]);
  assert.deepEqual([...report.refusals], [[1, { status: 400, ...MAPPING.error, said: MAPPING.error.reason }]]);
  assert.equal(report.busy, true);
  assert.match(report.why, /1 of 6 documents: 429 es_rejected_execution_exception/);
});

test("no sentence for the log quotes a refusal's reason, which may quote the document", () => {
  assert.doesNotMatch(mixed(answered(items(OK, MAPPING), 2)).why, /failed to parse/);
});

test("409 on everything after a lost answer: all of it is there", () => {
  const report = mixed(answered(items(CONFLICT, CONFLICT), 2));
  assert.deepEqual([...report.verdicts], [EXISTS, EXISTS]);
  assert.equal(report.busy, false);
});

test("the rest of a bulk that was cut under pressure is 429 inside of a 200", () => {
  const report = mixed(answered(items(OK, OK, BUSY, BUSY), 4));
  assert.deepEqual([...report.verdicts], [STORED, STORED, RETRY, RETRY]);
  assert.equal(report.busy, true);
});

test("429 for every document: nothing was stored, and only this index is to wait", () => {
  const report = mixed(answered(items(BUSY, BUSY), 2));
  assert.deepEqual([[...report.verdicts], report.busy], [[RETRY, RETRY], true]);
});

const SHARD_LIMIT = {
  status: 400,
  error: { type: "validation_exception", reason: "Validation Failed: 1: this action would add [2] shards, but" },
};
const STRANGE = { status: 400, error: { type: "strange_exception", reason: "nobody knows" } };
const TRIPPED = { status: 429, error: { type: "circuit_breaking_exception", reason: "[parent] Data too large" } };

test("a cluster at its shard limit refuses no document: the index is held, with what to do", () => {
  for (const report of [
    answered(items(SHARD_LIMIT, SHARD_LIMIT), 2),
    answered({ error: SHARD_LIMIT.error }, 2, { status: 400 }),
  ]) {
    assert.ok(report.kind === "denied" && report.by === "target", JSON.stringify(report));
    assert.match(`${report.why}; ${report.hint}`, /this action would add \[2\] shards.*cluster\.max_shards_per_node/);
  }
});

test("a full disk of the server: the index is held, with what to do", () => {
  const full = {
    status: 429,
    error: {
      type: "cluster_block_exception",
      reason: "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded",
    },
  };
  const report = answered(items(full), 1);
  assert.ok(
    report.kind === "denied" && report.by === "target" && /free space/.test(report.hint),
    JSON.stringify(report),
  );
});

test("an error that nobody knows is unclear, and carries what a dead letter would have", () => {
  const report = mixed(answered(items(OK, STRANGE), 2));
  assert.deepEqual([...report.verdicts], [STORED, UNCLEAR]);
  assert.equal(report.refusals.get(1)?.type, "strange_exception");
  const alone = answered({ error: STRANGE.error }, 1, { status: 400 });
  assert.ok(alone.kind === "indigestible" && !alone.isCertain);
});

test("a breaker that one document trips is unclear; with more documents it is pressure", () => {
  for (const report of [answered(items(TRIPPED), 1), answered({ error: TRIPPED.error }, 1, { status: 429 })])
    assert.deepEqual([...mixed(report).verdicts], [UNCLEAR]);
  const whole = answered({ error: TRIPPED.error }, 2, { status: 429 });
  assert.ok(whole.kind === "busy" && whole.isPressure);
  const proxys = answered("slow down", 2, { status: 429 });
  assert.ok(proxys.kind === "busy" && !proxys.isPressure);
});

test("a body that the server cannot read refuses no document by itself, whatever the error", () => {
  for (const type of [
    "x_content_parse_exception",
    "action_request_validation_exception",
    "illegal_argument_exception",
  ]) {
    const report = answered({ error: { type, reason: "Malformed action/metadata line [1]" } }, 1, { status: 400 });
    assert.ok(report.kind === "denied" || (report.kind === "indigestible" && !report.isCertain), type);
  }
});

test("413 has a reason even where the server gives none", () => {
  const report = answered("", 1, { status: 413 });
  assert.ok(report.kind === "indigestible" && report.why === "size" && report.isCertain);
  assert.deepEqual([report.refusal.type, report.refusal.reason.length > 20], ["request_too_large", true]);
});

test("an operation beyond what the server ever takes: alone refused, among others halved to find it", () => {
  assert.deepEqual([...mixed(answered(items(TOO_LARGE), 1)).verdicts], [REFUSED]);
  assert.equal(answered(items(TOO_LARGE, TOO_LARGE), 2).kind, "indigestible");
  assert.deepEqual([...mixed(answered(items(OK, TOO_LARGE), 2)).verdicts], [STORED, RETRY]);
});

test("403 or 404 for every document: configuration, everything is held", () => {
  for (const item of [FORBIDDEN, MISSING]) {
    const report = answered(items(item, item), 2);
    assert.equal(report.kind, "denied");
    assert.ok(report.kind === "denied" && report.why.includes(item.error.type) && report.hint.length > 10);
  }
});

test("403 for some documents: the others are settled first", () => {
  const report = mixed(answered(items(OK, FORBIDDEN), 2));
  assert.deepEqual([...report.verdicts], [STORED, RETRY]);
  assert.match(report.why, /403 security_exception/);
});

test("items that do not match what was sent: nothing is known", () => {
  assert.equal(answered(items(OK), 2).kind, "unanswered");
  assert.equal(answered(items(OK, OK, OK), 2).kind, "unanswered");
});

test("an item without a status, or for another operation, is not stored", () => {
  assert.deepEqual(
    [...mixed(answered({ items: [{ create: {} }, { index: OK }, null] }, 3)).verdicts],
    [RETRY, RETRY, RETRY],
  );
});

test("an answer that breaks off: nothing is known", () => {
  assert.equal(answered('{"errors":false,"items":[{"create":{"status":201}},{"cre', 2).kind, "unanswered");
});

test("a page, an empty answer or another service's JSON with a 200: wrong server", () => {
  for (const [body, contentType] of [
    ["<html>Please log in</html>", "text/html"],
    ["", ""],
    [{ acknowledged: true }, "application/json"],
    ["null", "application/json"],
  ] as const) {
    const report = answered(body, 2, { contentType });
    assert.equal(report.kind, "denied", JSON.stringify(body));
    assert.ok(report.kind === "denied" && report.hint.includes("output.hosts"));
  }
});

const whole: readonly [
  status: number,
  body: unknown,
  kind: Exclude<SendReport["kind"], "denied by server"> | "denied by server" | "denied by target",
][] = [
  [
    400,
    { error: { type: "illegal_argument_exception", reason: "Malformed action/metadata line [1]" } },
    "indigestible",
  ],
  [400, { error: { type: "x_content_parse_exception", reason: "[1:9] Unexpected end-of-input" } }, "indigestible"],
  [400, { error: { type: "media_type_header_exception", reason: "Invalid media-type value" } }, "denied by server"],
  [
    400,
    { error: { type: "illegal_argument_exception", reason: "request [/_bulk] contains unrecognized parameter: [a]" } },
    "denied by server",
  ],
  [
    400,
    { error: { type: "x_content_parse_exception", reason: "[1:2] 'no handler found' unrecognized parameter" } },
    "indigestible",
  ],
  [400, { error: "no handler found for uri [/x/_bulk] and method [POST]" }, "denied by server"],
  [400, "<html>The plain HTTP request was sent to HTTPS port</html>", "denied by server"],
  [401, { error: { type: "security_exception", reason: "missing authentication credentials" } }, "denied by server"],
  [403, { error: { type: "security_exception", reason: "unauthorized" } }, "denied by target"],
  [403, "<html>blocked</html>", "denied by server"],
  [404, "not found", "denied by server"],
  [404, { error: { type: "index_not_found_exception", reason: "no such index [x]" } }, "denied by target"],
  [405, { error: "Incorrect HTTP method" }, "denied by server"],
  [406, { error: "Content-Type header [x] is not supported" }, "denied by server"],
  [302, "", "denied by server"],
  [408, "", "unanswered"],
  [413, "", "indigestible"],
  [413, "<html>Request Entity Too Large</html>", "indigestible"],
  [429, { error: { type: "es_rejected_execution_exception", reason: "rejected execution" } }, "busy"],
  [429, { error: { type: "circuit_breaking_exception", reason: "[parent] Data too large" } }, "busy"],
  [429, "slow down", "busy"],
  [500, { error: { type: "null_pointer_exception" } }, "unanswered"],
  [502, "<html>Bad Gateway</html>", "unanswered"],
  [
    503,
    { error: { type: "cluster_block_exception", reason: "blocked by: [SERVICE_UNAVAILABLE/2/no master]" } },
    "busy",
  ],
  [503, "", "unanswered"],
  [504, "<html>Gateway Time-out</html>", "unanswered"],
];

for (const [status, body, kind] of whole) {
  test(`the whole request ${status} ${JSON.stringify(body).slice(0, 60)} -> ${kind}`, () => {
    const report = answered(body, 2, { status });
    assert.equal(report.kind === "denied" ? `denied by ${report.by}` : report.kind, kind);
  });
}

test("Retry-After reaches whoever waits", () => {
  for (const status of [429, 503]) {
    const report = answered("", 1, { status, retryAfterMs: 7000 });
    assert.equal((report as { retryAfterMs?: number }).retryAfterMs, 7000);
  }
});

test("a refusal carries at most 1 KiB of what the server says", () => {
  const long = { status: 400, error: { type: "document_parsing_exception", reason: "ä".repeat(5000) } };
  const reason = mixed(answered(items(OK, long), 2)).refusals.get(1)?.reason ?? "";
  assert.ok(reason.length > 100 && Buffer.byteLength(reason) <= 1024);
});

test("20,000 items in which one differs are judged in a blink", () => {
  const list = Array.from({ length: 20_000 }, (_, i) => (i === 12_345 ? MAPPING : OK));
  const report = mixed(answered(items(...list), 20_000));
  assert.deepEqual([...report.refusals.keys()], [12_345]);
  assert.equal(
    report.verdicts.reduce((sum, v) => sum + v, 0),
    REFUSED,
  );
});
