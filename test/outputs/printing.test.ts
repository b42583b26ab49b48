import assert from "node:assert/strict";
import { test } from "node:test";
import { PrintingOutput } from "../../src/outputs/printing.ts";

test("the documents of a body, a line each, and the next body waits for the reader", async () => {
  const told: string[] = [];
  const reader = Promise.withResolvers<void>();
  const output = new PrintingOutput((text) => {
    told.push(text);
    return reader.promise;
  });
  const body = Buffer.from('{"create":{"_id":"a-1"}}\n{"message":"ü"}\n{"create":{"_id":"a-2"}}\n{"message":"b"}\n');
  let done = false;
  const sent = output.send("logs", body, 2).then((report) => {
    done = true;
    return report;
  });
  await new Promise(setImmediate);
  assert.equal(done, false);
  reader.resolve();
  assert.deepEqual(await sent, { kind: "stored" });
  assert.deepEqual(told, ['{"message":"ü"}\n{"message":"b"}\n']);
  assert.deepEqual([output.documents, output.wireBytes], [2, body.length]);
});
