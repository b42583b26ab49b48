import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "../../../src/outputs/elasticsearch/retry-after.ts";

test("Retry-After is read as seconds or as a date", () => {
  const now = Date.parse("2026-11-24T08:00:00Z");
  assert.equal(retryAfter("3", now), 3000);
  assert.equal(retryAfter(" 0 ", now), 0);
  assert.equal(retryAfter("Tue, 24 Nov 2026 08:00:05 GMT", now), 5000);
  assert.equal(retryAfter("Tue, 24 Nov 2026 07:00:00 GMT", now), 0);
  assert.equal(retryAfter("soon", now), undefined);
  assert.equal(retryAfter(undefined, now), undefined);
});
