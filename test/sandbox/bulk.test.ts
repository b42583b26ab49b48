import assert from "node:assert/strict";
import { test } from "node:test";
import { BulkReader, MalformedBulk } from "../../src/sandbox/bulk.ts";
import type { BulkResult } from "../../src/sandbox/bulk.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { CountingStore, DocumentStore } from "../../src/sandbox/store.ts";
import type { Store } from "../../src/sandbox/store.ts";

function statuses({ items, documents }: BulkResult): readonly number[] {
  return items?.map((item) => item.status) ?? Array.from({ length: documents }, () => 201);
}

function apply(store: Store, text: string, target = "x", faults = NO_FAULTS): BulkResult {
  return new BulkReader(store).apply(Buffer.from(text), target, faults);
}

for (const [name, create] of [
  ["counts", () => new CountingStore()],
  ["documents", () => new DocumentStore()],
] as const) {
  test(`${name}: create stores an id once, index again and again`, () => {
    const store = create();
    const doc = '{"message":"m"}\n';
    const first = apply(store, `{"create":{"_id":"1"}}\n${doc}{"create":{"_id":"2"}}\n${doc}`);
    assert.deepEqual(statuses(first), [201, 201]);
    const second = apply(store, `{"create":{"_id":"2"}}\n${doc}{"create":{"_id":"3"}}\n${doc}`);
    assert.deepEqual(statuses(second), [409, 201]);
    assert.deepEqual(statuses(apply(store, `{"index":{"_id":"3"}}\n${doc}{"index":{"_id":"4"}}\n${doc}`)), [200, 201]);
    assert.equal(store.count("x"), 4);
    assert.equal(store.count(), 4);
    assert.equal(store.count("y"), 0);
  });

  test(`${name}: actions in any form, with an index of their own or without an id`, () => {
    const store = create();
    const result = apply(
      store,
      '{ "create" : { "_id" : "1" , "_index":"y" } }\n{}\n{"create":{}}\n{}\n{"create":{"_index":"y","_id":"1"}}\n{}\n',
    );
    assert.deepEqual(statuses(result), [201, 201, 409]);
    assert.equal(store.count("y"), 1);
    assert.equal(store.count("x"), 1);
  });

  test(`${name}: a document that is no object is refused, the others are not`, () => {
    assert.deepEqual(
      statuses(apply(create(), '{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":\n{"create":{}}\n{}\n')),
      [201, 400, 201],
    );
  });
}

test("documents are kept as they came", () => {
  const store = new DocumentStore();
  apply(store, '{"create":{"_id":"ü"}}\n{"message":"a\\nb €"}\n');
  assert.deepEqual(store.documents("x"), [{ index: "x", id: "ü", source: { message: "a\nb €" } }]);
});

test("what is no bulk body fails as a whole", () => {
  const bodies = [
    "",
    "{}",
    '{"create":{}}\n{}',
    '{"create":{}}\n',
    "nonsense\n{}\n",
    '{"delete":{"_id":"1"}}\n{}\n',
    "null\n{}\n",
  ];
  for (const body of bodies) assert.throws(() => apply(new CountingStore(), body), MalformedBulk, JSON.stringify(body));
  assert.throws(() => apply(new CountingStore(), '{"create":{}}\n{}\n', ""), /index is missing/);
});

test("lines with a text do not fit the mapping", () => {
  const doc = (text: string): string => `{"create":{}}\n{"message":"${text}"}\n`;
  const body = ["a", "bad", "b", "bad bad", "c"].map(doc).join("");
  assert.deepEqual(
    statuses(apply(new CountingStore(), body, "x", parseFaults("mapping=bad"))),
    [201, 400, 201, 400, 201],
  );
});
