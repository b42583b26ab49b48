import assert from "node:assert/strict";
import { test } from "node:test";
import { CountingStore, DocumentStore, TellingStore } from "../../src/sandbox/store.ts";
import type { Store, StoreResult } from "../../src/sandbox/store.ts";

function put(store: Store, id: string, doc: string, operation: "create" | "index" = "create"): StoreResult {
  const body = Buffer.from(`${id}|${doc}`);
  const idTo = Buffer.byteLength(id);
  return store.put("x", { body, idFrom: 0, idTo, docFrom: idTo + 1, docTo: body.length }, operation);
}

for (const store of [new CountingStore(), new DocumentStore()]) {
  test(`${store.constructor.name}: says what became of a document`, () => {
    assert.equal(put(store, "1", "{}"), "created");
    assert.equal(put(store, "1", "{}"), "exists");
    assert.equal(put(store, "1", "{}", "index"), "updated");
    assert.equal(put(store, "2", "[1"), "broken");
    assert.equal(put(store, "", "{}"), "created");
    assert.equal(put(store, "", "{}"), "created");
    assert.equal(store.count("x"), 3);
    assert.equal(store.count("y"), 0);
    assert.equal(store.count(), 3);
  });
}

test("one tells of each document that another has taken, and of no other", () => {
  const told: string[] = [];
  const store = new TellingStore(new CountingStore(), (index, document) => told.push(`${index} ${document}`));
  for (const document of ['{"a":1}', "broken"]) put(store, document, document);
  put(store, '{"a":1}', '{"a":2}');
  assert.deepEqual(told, ['x {"a":1}']);
});

test("only one of them can show what it has", () => {
  const store = new DocumentStore();
  put(store, "1", '{"a":1}');
  put(store, "1", '{"a":2}', "index");
  assert.deepEqual(store.documents(), [{ index: "x", id: "1", source: { a: 2 } }]);
  assert.deepEqual(store.documents("y"), []);
  const counting = new CountingStore();
  put(counting, "1", "{}");
  assert.deepEqual(counting.documents(), []);
});
