import assert from "node:assert/strict";
import { test } from "node:test";
import { denied, wrongServer } from "../../../src/outputs/elasticsearch/denial.ts";

const cases: readonly [status: number, type: string, reason: string, hint: RegExp][] = [
  [401, "security_exception", "missing authentication credentials", /output\.auth/],
  [403, "security_exception", "action is unauthorized", /create_doc/],
  [403, "cluster_block_exception", "blocked by: [FORBIDDEN/8/index write (api)]", /index\.blocks/],
  [404, "index_not_found_exception", "no such index [x]", /auto_create_index/],
  [400, "index_closed_exception", "closed", /open the index/],
  [400, "invalid_index_name_exception", "must be lowercase", /output\.index/],
  [400, "illegal_argument_exception", "only write ops with an op_type of create are allowed", /output\.operation/],
  [400, "illegal_argument_exception", "pipeline with id [p] does not exist", /pipeline/],
  [400, "illegal_argument_exception", "no write index is defined for alias [a]", /write index/],
  [406, "status_406", "", /server's own log/],
];
for (const [status, type, reason, hint] of cases) {
  test(`${status} ${type} ${reason} has a way out`, () => {
    const denial = denied("target", status, { type, reason });
    assert.match(denial.hint, hint);
    assert.ok(denial.why.includes(`${status} ${type}`) && denial.why.includes(reason));
  });
}

test("another server is told by what it answers", () => {
  assert.match(wrongServer(200, "text/html").why, /200 with text\/html/);
  assert.match(wrongServer(404, "").why, /404 with no content type/);
  assert.match(wrongServer(404, "").hint, /output\.hosts/);
});
