import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTER_PATH } from "../../src/outputs/elasticsearch/response-body.ts";
import { bulkResponse, parseFilter } from "../../src/sandbox/bulk-response.ts";
import type { BulkResult, Item } from "../../src/sandbox/bulk.ts";

function item(id: string, status: number): Item {
  return { operation: "create", index: "x", id, status };
}

const created: BulkResult = { documents: 2, items: undefined, operation: "create" };
const mixed: BulkResult = { documents: 2, items: [item("1", 201), item("2", 409)], operation: "create" };

test("what spillway asks for is answered with the bytes that a server sends", () => {
  const filter = parseFilter(FILTER_PATH);
  assert.equal(
    bulkResponse(created, "x", filter),
    '{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}',
  );
  assert.equal(
    bulkResponse(mixed, "x", filter),
    '{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception",' +
      '"reason":"[2]: version conflict, document already exists (current version [1])"}}}]}',
  );
});

test("other filters, and none", () => {
  assert.equal(bulkResponse(mixed, "x", parseFilter("errors")), '{"errors":true}');
  assert.equal(
    bulkResponse(mixed, "x", parseFilter("items.*.status")),
    '{"items":[{"create":{"status":201}},{"create":{"status":409}}]}',
  );
  const whole = JSON.parse(bulkResponse(mixed, "x", undefined)) as { items: { create: Record<string, unknown> }[] };
  assert.equal(whole.items[0]?.create["_id"], "1");
  assert.equal(whole.items[0]?.create["result"], "created");
});
