import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { MAX_HEAD, type BadRequest, type Request, headLength, parseRequest } from "../../../src/ops/admin/request.ts";

function parse(...lines: readonly string[]): Request | BadRequest {
  return parseRequest(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
}

function status(...lines: readonly string[]): number | undefined {
  const parsed = parse(...lines);
  return "status" in parsed ? parsed.status : undefined;
}

test("a head ends at its empty line, wherever the bytes were cut", () => {
  const bytes = Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\nGET");
  for (let end = 0; end < bytes.length - 3; end++) assert.equal(headLength(bytes.subarray(0, end)), 0, `${end}`);
  assert.equal(headLength(bytes), bytes.length - 3);
});

test("method, target and headers are as sent, names in lower case", () => {
  const request = parse("GET /a?b=c HTTP/1.1", "Host: x:1", "ACCEPT:  text/html \t", "accept: */*", "x-empty:");
  assert.deepEqual(request, {
    method: "GET",
    target: "/a?b=c",
    headers: new Map([
      ["host", "x:1"],
      ["accept", "text/html, */*"],
      ["x-empty", ""],
    ]),
    keepAlive: true,
  });
});

test("a connection is kept by HTTP/1.1 unless it is said, by HTTP/1.0 only when it is said", () => {
  const kept = (...lines: string[]): boolean => (parse(...lines) as Request).keepAlive;
  assert.equal(kept("GET / HTTP/1.1", "host: a"), true);
  assert.equal(kept("GET / HTTP/1.1", "host: a", "connection: Close"), false);
  assert.equal(kept("GET / HTTP/1.0"), false);
  assert.equal(kept("GET / HTTP/1.0", "connection: keep-alive"), true);
});

test("what could be read in two ways is refused", () => {
  const wrong = [
    ["GET /  HTTP/1.1", "host: a"],
    ["GET / HTTP/1.1 ", "host: a"],
    ["get / HTTP/1.1", "host: a"],
    ["GET /\u00e9 HTTP/1.1", "host: a"],
    ["GET / HTTP/1.1", "host: a", " folded: b"],
    ["GET / HTTP/1.1", "host : a"],
    ["GET / HTTP/1.1", "host: a\rb: c"],
    ["GET / HTTP/1.1", "host: a\nb: c"],
    ["GET / HTTP/1.1", "host: a\0"],
    ["GET / HTTP/1.1", "host: a", "Host: b"],
    ["GET / HTTP/1.1", ": a", "host: a"],
    ["GET / HTTP/1.1"],
    [""],
  ];
  for (const lines of wrong) assert.equal(status(...lines), 400, JSON.stringify(lines));
  assert.equal(status("GET / HTTP/2.0", "host: a"), 505);
  assert.equal(status("POST / HTTP/1.1", "host: a", "content-length: 1"), 413);
  assert.equal(status("POST / HTTP/1.1", "host: a", "content-length: 0, 0"), 413);
  assert.equal(status("GET / HTTP/1.1", "host: a", "transfer-encoding: chunked"), 413);
  assert.equal(status("POST / HTTP/1.1", "host: a", "content-length: 0"), undefined);
});

test("no bytes make it throw, and none give a header a line end", () => {
  const bytes = fc.uint8Array({ maxLength: MAX_HEAD }).map((array) => Buffer.from(array));
  const likely = fc
    .array(fc.constantFrom("GET ", "/", " HTTP/1.1", "\r\n", "\n", "\r", "host: a", ": ", "x", "\0", " ", "\u00ff"))
    .map((parts) => Buffer.from(parts.join(""), "latin1"));
  fc.assert(
    fc.property(fc.oneof(bytes, likely), (head) => {
      const parsed = parseRequest(Buffer.concat([head, Buffer.from("\r\n\r\n")]));
      if ("status" in parsed) return;
      for (const value of [parsed.method, parsed.target, ...parsed.headers.values()]) {
        assert.doesNotMatch(value, /[\r\n\0]/);
      }
    }),
    { numRuns: 2000 },
  );
});
