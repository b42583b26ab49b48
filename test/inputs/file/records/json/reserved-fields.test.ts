import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../../helpers/fc.ts";
import { meaningOf, reservedFields } from "../../../../../src/inputs/file/records/json/reserved-fields.ts";

const part = fc.constantFrom("log", "file", "path", "level", "host", "name", "a", "b", "", "_id", "message");
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
const fields = fc.dictionary(path, fc.constantFrom<unknown>(1, "x", [1], {}, { a: 1, "b.c": 2 }), { maxKeys: 4 });

test("what a path means, by all paths of a document", () => {
  fc.assert(
    fc.property(fields, path, (constants, own) => {
      const reserved = reservedFields(constants);
      const isLeaf = reserved.paths.some((other) => own === other || own.startsWith(`${other}.`));
      const isInner = reserved.paths.some((other) => other.startsWith(`${own}.`));
      assert.ok(!(isLeaf && isInner), "one of our paths leads through another");
      assert.equal(meaningOf(own, reserved), isLeaf ? "leaf" : isInner ? "inner" : "free");
    }),
    { numRuns: 3000 },
  );
});

test("message is the record's own, and so is log.level where the input's fields have none", () => {
  assert.equal(meaningOf("message", reservedFields({ message: "x", "message.a": 1 })), "free");
  assert.equal(reservedFields({ "log.x": 1 }).level, "record");
  assert.equal(reservedFields({ log: { level: "info" } }).level, "constant");
  assert.equal(meaningOf("service.name", reservedFields({ service: { name: "shop" } })), "leaf");
  assert.equal(meaningOf("labels", reservedFields({ "labels.a.b": {} })), "inner");
});
