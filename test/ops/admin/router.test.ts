import assert from "node:assert/strict";
import { test } from "node:test";
import type { Request } from "../../../src/ops/admin/request.ts";
import { type HostRules, type Page, type Reply, queryOf, route, text } from "../../../src/ops/admin/router.ts";

const routes = new Map<string, Page>([
  ["/status", { cost: "some", answer: (query) => text(200, `x=${query.get("x")}`) }],
  ["/metrics", { cost: "some", anyHost: true, answer: () => text(200, "metrics") }],
  ["/switch", { cost: "none", method: "POST", answer: () => text(204, "") }],
]);

function ask(method: string, target: string, headers: Readonly<Record<string, string>> = {}, rules?: HostRules): Reply {
  const all = new Map(Object.entries({ host: "localhost", ...headers }));
  const request: Request = { method, target, headers: all, keepAlive: true };
  const found = route(request, routes, rules ?? { listed: [], open: false });
  if ("stream" in found) throw new Error("no page here is a stream");
  return "status" in found ? found : found.answer(queryOf(request), request);
}

test("a path is exact and the query is handed on", () => {
  assert.equal(ask("GET", "/status?x=a%20b?c").body, "x=a b?c\n");
  for (const target of ["/status/", "/STATUS", "//status", "/a/../status", "http://localhost/status", "*", ""]) {
    assert.equal(ask("GET", target).status, 404, target);
  }
});

test("what is not GET or HEAD is refused with what is allowed", () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
    const reply = ask(method, "/status");
    assert.equal(reply.status, 405);
    assert.equal(reply.headers?.["allow"], "GET, HEAD");
  }
});

test("a foreign Host learns nothing, not even which pages there are", () => {
  for (const target of ["/status", "/metrics", "/nothing"]) {
    const reply = ask("GET", target, { host: "evil.example" });
    assert.equal(reply.status, 403);
    assert.doesNotMatch(String(reply.body), /\/status/);
  }
});

test("where other hosts reach it, what is scraped answers any Host, and nothing else does", () => {
  const open = { listed: [], open: true };
  assert.equal(ask("GET", "/metrics", { host: "spillway.monitoring.svc" }, open).status, 200);
  for (const target of ["/status", "/nothing"]) {
    assert.equal(ask("GET", target, { host: "spillway.monitoring.svc" }, open).status, 403);
  }
});

test("what changes something is a POST from a page of this very server", () => {
  assert.equal(ask("POST", "/switch", { origin: "http://localhost" }).status, 204);
  assert.equal(ask("GET", "/switch").status, 405);
  for (const origin of ["null", "http://evil.example", "https://localhost", "http://localhost:1", undefined]) {
    assert.equal(ask("POST", "/switch", origin === undefined ? {} : { origin }).status, 403, `${origin}`);
  }
});
