import assert from "node:assert/strict";
import { test } from "node:test";
import { replyHead } from "../../../src/ops/admin/reply-head.ts";
import { text } from "../../../src/ops/admin/router.ts";

const WALL = Date.parse("2026-01-01T00:00:00.000Z");

test("a head names its length, its time and what a browser may do, and ends", () => {
  const lines = replyHead(text(200, "ok"), 3, { last: false, wall: WALL }).split("\r\n");
  assert.equal(lines[0], "HTTP/1.1 200 OK");
  assert.deepEqual(lines.slice(-2), ["", ""]);
  for (const line of [
    "content-length: 3",
    "date: Thu, 01 Jan 2026 00:00:00 GMT",
    "cache-control: no-store",
    "x-content-type-options: nosniff",
    "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ])
    assert.ok(lines.includes(line), line);
  assert.ok(!lines.some((line) => line.startsWith("connection")));
});

test("a page's own header takes the place of the usual one, and a last answer says so", () => {
  const policy = "content-security-policy";
  const head = replyHead({ ...text(405, "no"), headers: { [policy]: "own", allow: "GET" } }, 3, {
    last: true,
    wall: WALL,
  });
  assert.match(head, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  assert.match(head, /\r\nallow: GET\r\n/);
  assert.match(head, /\r\nconnection: close\r\n/);
  assert.deepEqual(head.match(/content-security-policy: .*/g), [`${policy}: own`]);
});
