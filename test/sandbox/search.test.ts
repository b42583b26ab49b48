import assert from "node:assert/strict";
import { test } from "node:test";
import { lookUp } from "../../src/sandbox/search.ts";
import { DocumentStore } from "../../src/sandbox/store.ts";

const store = new DocumentStore();
for (let i = 0; i < 20; i++) {
  const body = Buffer.from(`${String(i).padStart(2, "0")}{"n":${i}}`);
  store.put(i % 2 === 0 ? "even" : "odd", { body, idFrom: 0, idTo: 2, docFrom: 2, docTo: body.length }, "create");
}

function ask(action: string, index = "", body?: unknown): { status: number; json: never } {
  const told = lookUp(store, {
    index,
    action,
    body: body === undefined ? "" : JSON.stringify(body),
    identity: undefined,
  });
  return { status: told.status, json: JSON.parse(told.json) as never };
}

test("counts, of one index and of all", () => {
  assert.equal(ask("_count").json["count"], 20);
  assert.equal(ask("_count", "odd").json["count"], 10);
  assert.equal(ask("_count", "none").json["count"], 0);
});

test("a search by ids, by size, of everything", () => {
  const hits = (index: string, body?: unknown): { total: { value: number }; hits: { _id: string }[] } =>
    ask("_search", index, body).json["hits"];
  assert.equal(hits("").hits.length, 10);
  assert.equal(hits("").total.value, 20);
  assert.deepEqual(
    hits("odd", { size: 2 }).hits.map((hit) => hit._id),
    ["01", "03"],
  );
  assert.deepEqual(
    hits("", { query: { ids: { values: ["04", "05", "99"] } } })
      .hits.map((hit) => hit._id)
      .sort(),
    ["04", "05"],
  );
});

test("what it does not know it refuses as a server does", () => {
  assert.equal(ask("_reindex").status, 400);
  assert.equal(lookUp(store, { index: "", action: "_search", body: "{", identity: undefined }).status, 400);
});
