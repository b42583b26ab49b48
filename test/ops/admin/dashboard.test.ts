import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { dashboardReply, policyFor } from "../../../src/ops/admin/dashboard.ts";
import type { Reply } from "../../../src/ops/admin/router.ts";

function ask(encoding?: string): Reply {
  const headers = new Map(encoding === undefined ? [] : [["accept-encoding", encoding]]);
  return dashboardReply({ method: "GET", target: "/", headers, keepAlive: true });
}

test("the policy names the page's own style and script, and forbids the rest", () => {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = policyFor("<style>a{}</style><p><script>f()</script>");
  assert.equal(
    policy,
    `default-src 'none'; script-src ${hash("f()")}; style-src ${hash("a{}")}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
});

test("the page is one answer below 60 KB, packed for those who can unpack it", () => {
  const packed = ask("gzip, deflate, br");
  assert.equal(packed.status, 200);
  assert.equal(packed.headers?.["content-encoding"], "gzip");
  assert.ok(packed.body.length < 60_000, `${packed.body.length} bytes`);
  const plain = ask();
  assert.equal(plain.headers?.["content-encoding"], undefined);
  assert.deepEqual(gunzipSync(packed.body), plain.body);
  const html = plain.body.toString();
  assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//, "it asks no other host for anything");
  assert.match(html, /<noscript>/);
});
