import assert from "node:assert/strict";
import { test } from "node:test";
import { route, text, type Reply } from "../../src/ops/router.ts";

const routes = new Map([["/status", (query: URLSearchParams) => text(200, `x=${query.get("x")}`)]]);

async function ask(method: string, target: string, host = "localhost"): Promise<Reply> {
  return route({ method, target, host }, routes, []);
}

test("a path is exact and the query is handed on", async () => {
  assert.equal((await ask("GET", "/status?x=a%20b")).body, "x=a b\n");
  for (const target of ["/status/", "/STATUS", "//status", "/a/../status", "http://localhost/status", "*", ""]) {
    assert.equal((await ask("GET", target)).status, 404, target);
  }
});

test("what is not GET or HEAD is refused with what is allowed", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
    const reply = await ask(method, "/status");
    assert.equal(reply.status, 405);
    assert.equal(reply.allow, "GET, HEAD");
  }
});

test("a foreign Host learns nothing, not even which pages there are", async () => {
  for (const target of ["/status", "/nothing"]) {
    const reply = await ask("GET", target, "evil.example");
    assert.equal(reply.status, 403);
    assert.doesNotMatch(reply.body, /\/status/);
  }
});
