// Each row of the bulk contract, as a server really answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXISTS, REFUSED, RETRY, STORED } from "../../../src/core/output.ts";
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
  assert.deepEqual([...report.refusals], [[1, { status: 400, ...MAPPING.error }]]);
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

test("429 for every document: busy, nothing was stored", () => {
  assert.equal(answered(items(BUSY, BUSY), 2).kind, "busy");
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

const whole: readonly [status: number, body: unknown, kind: SendReport["kind"]][] = [
  [
    400,
    { error: { type: "illegal_argument_exception", reason: "Malformed action/metadata line [1]" } },
    "indigestible",
  ],
  [400, { error: { type: "x_content_parse_exception", reason: "[1:9] Unexpected end-of-input" } }, "indigestible"],
  [400, { error: { type: "media_type_header_exception", reason: "Invalid media-type value" } }, "denied"],
  [
    400,
    { error: { type: "illegal_argument_exception", reason: "request [/_bulk] contains unrecognized parameter: [a]" } },
    "denied",
  ],
  [
    400,
    { error: { type: "x_content_parse_exception", reason: "[1:2] 'no handler found' unrecognized parameter" } },
    "indigestible",
  ],
  [400, { error: "no handler found for uri [/x/_bulk] and method [POST]" }, "denied"],
  [400, "<html>The plain HTTP request was sent to HTTPS port</html>", "denied"],
  [401, { error: { type: "security_exception", reason: "missing authentication credentials" } }, "denied"],
  [403, { error: { type: "security_exception", reason: "unauthorized" } }, "denied"],
  [403, "<html>blocked</html>", "denied"],
  [404, "not found", "denied"],
  [404, { error: { type: "index_not_found_exception", reason: "no such index [x]" } }, "denied"],
  [405, { error: "Incorrect HTTP method" }, "denied"],
  [406, { error: "Content-Type header [x] is not supported" }, "denied"],
  [302, "", "denied"],
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
    assert.equal(answered(body, 2, { status }).kind, kind);
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
