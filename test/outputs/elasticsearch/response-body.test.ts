import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { ResponseBody } from "../../../src/outputs/elasticsearch/response-body.ts";

function stored(docs: number, operation = "create"): string {
  const items = Array.from({ length: docs }, () => ({ [operation]: { status: 201 } }));
  return JSON.stringify({ errors: false, items });
}

function read(text: string, docs: number, cuts: readonly number[], operation: "create" | "index" = "create"): string {
  const bytes = Buffer.from(text);
  const body = new ResponseBody(operation, docs);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(bytes.length, Math.max(from, cut));
    assert.ok(body.add(Buffer.from(bytes.subarray(from, to))));
    from = to;
  }
  assert.ok(body.add(Buffer.from(bytes.subarray(from))));
  const end = body.end();
  return end === "stored" ? "stored" : end.toString();
}

const docs = fc.integer({ min: 1, max: 300 });
const cuts = fc.array(fc.nat(9000), { maxLength: 6 });

test("the answer that all are stored is known without keeping it, however it is cut", () => {
  fc.assert(
    fc.property(docs, cuts, fc.constantFrom("create" as const, "index" as const), (n, at, operation) => {
      assert.equal(read(stored(n, operation), n, at, operation), "stored");
    }),
  );
});

test("a server that does not filter may say how long it took", () => {
  const took = (text: string): string => text.replace("{", '{"took":12,');
  assert.equal(read(took(stored(40)), 40, [7, 20]), "stored");
  assert.equal(read(took(stored(40)), 41, [7, 20]), took(stored(40)));
});

test("any other answer comes back whole, however it is cut", () => {
  fc.assert(
    fc.property(docs, cuts, fc.nat(9000), fc.constantFrom("change", "cut", "more"), (n, at, where, how) => {
      const good = stored(n);
      const place = where % good.length;
      const bad =
        how === "change"
          ? `${good.slice(0, place)}#${good.slice(place + 1)}`
          : how === "cut"
            ? good.slice(0, place)
            : `${good}#`;
      assert.equal(read(bad, n, at), bad);
    }),
  );
});

test("the right items in the wrong number are not 'stored'", () => {
  assert.equal(read(stored(9), 10, []), stored(9));
  assert.equal(read(stored(11), 10, []), stored(11));
  assert.equal(read(stored(10), 10, [], "index"), stored(10));
});

test("an answer larger than any honest one is refused, also one that would be endless", () => {
  const body = new ResponseBody("create", 2);
  const chunk = Buffer.alloc(4096, 0x20);
  let taken = 0;
  while (taken < 1000 && body.add(chunk)) taken++;
  assert.ok(taken <= 3, `${taken}`);
});
