import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyLimit } from "../../src/pipeline/body-limit.ts";
import { listening } from "./line.ts";

const MOST = 5 << 20;

/** Sends `total` bytes of documents to a server that accepts bodies up to `serverTakes`. `ratio`: bytes sent per byte stored. */
function ship(total: number, serverTakes: number, document: number): { ratio: number; limit: BodyLimit } {
  const limit = new BodyLimit(MOST, listening().log);
  let [sent, stored, smallest] = [0, 0, Infinity];
  while (stored < total) {
    const docs = Math.max(1, Math.min(smallest, Math.floor(limit.bytes / document)));
    const bytes = docs * document;
    sent += bytes;
    if (bytes <= serverTakes) {
      limit.took(bytes);
      stored += bytes;
      smallest = Infinity;
    } else if (!limit.tooLarge(bytes)) smallest = Math.ceil(docs / 2);
  }
  return { ratio: sent / stored, limit };
}

for (const [name, takes] of [
  ["1 MB", 1e6],
  ["100 kB", 1e5],
  ["3 MB", 3e6],
] as const) {
  test(`behind a limit of ${name} at most 1.2 bytes are sent for each byte that is stored`, () => {
    const { ratio } = ship(200e6, takes, 300);
    assert.ok(ratio <= 1.2, `${ratio}`);
  });
}

test("the limit comes near to what the server takes, and back to what is configured when that takes all", () => {
  const { limit } = ship(500e6, 1e6, 300);
  assert.ok(limit.bytes >= 0.6e6 && limit.bytes <= 1.3e6, `${limit.bytes}`);
  let bodies = 0;
  for (; limit.bytes < MOST && bodies < 20_000; bodies++) limit.took(limit.bytes);
  assert.ok(bodies < 20_000, "it is raised again");
});

test("it is said once, with what to do", () => {
  const { said, log } = listening();
  const limit = new BodyLimit(MOST, log);
  for (const bytes of [5e6, 2.5e6, 1.25e6]) limit.tooLarge(bytes);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^warn body_too_large: a request of 5\.0 MB is too large.*\(413\).*client_max_body_size/);
});

test("what was sent before the limit fell does not lower it again", () => {
  const limit = new BodyLimit(MOST, listening().log);
  for (let i = 0; i < 8; i++) limit.tooLarge(MOST);
  assert.equal(limit.bytes, MOST / 2);
});

test("at the smallest size it says that smaller bodies are no way out", () => {
  const limit = new BodyLimit(MOST, listening().log);
  let bytes = MOST;
  for (; limit.tooLarge(bytes); bytes = limit.bytes);
  assert.equal(bytes, 16 * 1024);
});

test("three requests in a row that are turned away whole make bodies half as large, four good ones larger again", () => {
  const limit = new BodyLimit(MOST, listening().log);
  const seen: number[] = [];
  for (let i = 0; i < 6; i++) {
    limit.busy(limit.bytes);
    seen.push(MOST / limit.bytes);
  }
  assert.deepEqual(seen, [1, 1, 2, 2, 2, 4]);
  limit.busy(limit.bytes);
  limit.took(limit.bytes);
  limit.busy(limit.bytes);
  limit.busy(limit.bytes);
  assert.equal(MOST / limit.bytes, 4, "only those in a row count");
  let bodies = 0;
  for (; limit.bytes < MOST; bodies++) limit.took(limit.bytes);
  assert.ok(bodies <= 64, `${bodies}`);
});

test("a document that is larger than the limit and was taken raises it", () => {
  const limit = new BodyLimit(MOST, listening().log);
  for (const bytes of [MOST, MOST / 2, MOST / 4]) limit.tooLarge(bytes);
  limit.took(1e6);
  assert.equal(limit.bytes, 1e6);
});
