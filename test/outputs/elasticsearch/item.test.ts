import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { classify, cut, errorOf, withoutQuotes } from "../../../src/outputs/elasticsearch/item.ts";
import type { ItemClass } from "../../../src/outputs/elasticsearch/item.ts";

const cases: readonly [status: number, type: string, reason: string, expected: ItemClass][] = [
  [201, "", "", "stored"],
  [200, "", "", "stored"],
  [400, "document_parsing_exception", "[1:15] failed to parse field [n] of type [long]", "refused"],
  [400, "mapper_parsing_exception", "failed to parse", "refused"],
  [400, "strict_dynamic_mapping_exception", "introduction of [x] is not allowed", "refused"],
  [400, "illegal_argument_exception", "Limit of total fields [1000] has been exceeded", "refused"],
  [400, "index_closed_exception", "closed", "held"],
  [400, "invalid_index_name_exception", "Invalid index name [A], must be lowercase", "held"],
  [400, "illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams", "held"],
  [400, "illegal_argument_exception", "pipeline with id [p] does not exist", "held"],
  [400, "illegal_argument_exception", "no write index is defined for alias [a]", "held"],
  [400, "document_parsing_exception", "Preview of field's value: 'pipeline with id'", "refused"],
  [400, "document_parsing_exception", "pipeline with id", "refused"],
  [400, "illegal_argument_exception", "failed: 'only write ops with an op_type of create'", "unclear"],
  [400, "illegal_argument_exception", "mapper [n] cannot be changed from type [long] to [text]", "refused"],
  [400, "illegal_argument_exception", 'Document contains at least one immense term in field="message"', "refused"],
  [400, "illegal_argument_exception", "data stream timestamp field [@timestamp] is missing", "refused"],
  [400, "illegal_argument_exception", "no matching index template found for data stream [logs-a-b]", "held"],
  [400, "illegal_argument_exception", "field [x] not present as part of path [x]", "unclear"],
  [400, "validation_exception", "Validation Failed: 1: this action would add [2] shards, but this", "held"],
  [400, "script_exception", "runtime error", "unclear"],
  [400, "status_400", "", "unclear"],
  [418, "status_418", "", "unclear"],
  [403, "security_exception", "action [indices:data/write/bulk[s]] is unauthorized", "held"],
  [403, "cluster_block_exception", "index [x] blocked by: [FORBIDDEN/8/index write (api)];", "held"],
  [404, "index_not_found_exception", "no such index [x]", "held"],
  [409, "version_conflict_engine_exception", "[1]: version conflict, document already exists", "exists"],
  [413, "", "", "refused"],
  [429, "es_rejected_execution_exception", "rejected execution of coordinating operation", "busy"],
  [429, "rejected_execution_exception", "rejected execution", "busy"],
  [429, "cluster_block_exception", "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded]", "held"],
  [429, "circuit_breaking_exception", "[parent] Data too large", "busy"],
  [
    429,
    "es_rejected_execution_exception",
    "Request contains an operation of size [70000000] bytes, which exceeds the maximum allowed limit of [53687091] bytes",
    "too-large",
  ],
  [408, "", "", "retry"],
  [500, "exception", "", "retry"],
  [503, "unavailable_shards_exception", "[x][0] primary shard is not active", "retry"],
  [504, "timeout_exception", "", "retry"],
  [0, "", "", "retry"],
];

for (const [status, type, reason, expected] of cases) {
  test(`${status} ${type} ${reason.slice(0, 40)} -> ${expected}`, () => {
    assert.equal(classify(status, { type, reason }, "create"), expected);
  });
}

test("a conflict of an index operation is no sign that the document is there", () => {
  assert.equal(classify(409, { type: "version_conflict_engine_exception", reason: "" }, "index"), "retry");
});

test("a log has no more of a reason than what it does not quote", () => {
  const reasons: readonly (readonly [string, string])[] = [
    [
      "[1:9] failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: 'secret'",
      "[1:9] failed to parse field [n] of type [long] in document with id '1'",
    ],
    [
      'Document contains at least one immense term. The prefix of the first immense term is: "secret"',
      "Document contains at least one immense term",
    ],
    ['For input string: "secret"', ""],
    [
      "this action would add [2] shards, but this cluster has [1]/[1]",
      "this action would add [2] shards, but this cluster has [1]/[1]",
    ],
  ];
  for (const [reason, expected] of reasons) assert.equal(withoutQuotes(reason), expected);
  assert.equal(withoutQuotes("x".repeat(1000)).length, 201);
});

test("an error is read as an object, a string or nothing", () => {
  assert.deepEqual(errorOf({ type: "a", reason: "b" }, 400), { type: "a", reason: "b" });
  assert.deepEqual(errorOf("IndexMissing", 404), { type: "status_404", reason: "IndexMissing" });
  assert.deepEqual(errorOf(undefined, 503), { type: "status_503", reason: "" });
  assert.deepEqual(errorOf({ type: 3, reason: null }, 400), { type: "status_400", reason: "" });
});

test("a reason is at most 1 KiB of whole characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 2000, size: "max" }), (text) => {
      const short = cut(text);
      assert.ok(Buffer.byteLength(short) <= 1024);
      assert.ok(!short.includes("\ufffd") || text.includes("\ufffd"));
      assert.ok(short === text ? true : text.startsWith(short.slice(0, -1)));
      if (Buffer.byteLength(text) <= 1024) assert.equal(short, text);
    }),
  );
});
