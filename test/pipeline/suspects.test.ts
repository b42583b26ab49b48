import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { DELIVERED, OPEN } from "../../src/core/fate.ts";
import { Suspects } from "../../src/pipeline/suspects.ts";

function chunk(): Chunk {
  return { isOpen: true, fates: new Uint8Array(10).fill(OPEN) } as unknown as Chunk;
}

const BYTES = 1000;

/** Tries a suspect this often, each time between requests that store something. @returns what each try said */
function tried(suspects: Suspects, suspect: Chunk, times: number, host = 0): string[] {
  return Array.from({ length: times }, () => {
    suspects.stored(BYTES);
    const said = suspects.refused(suspect, 7, host, BYTES);
    suspects.stored(BYTES);
    return said;
  });
}

const CONDEMNED_AT_LAST = [...Array.from({ length: 5 }, () => "again"), "condemned"];

test("after five tries between requests that stored something, the next refusal condemns", () => {
  const suspects = new Suspects(1);
  const suspect = chunk();
  assert.deepEqual(tried(suspects, suspect, 6), CONDEMNED_AT_LAST);
  assert.ok(suspects.has(suspect));
  suspects.condemned(suspect);
  assert.ok(!suspects.has(suspect));
});

test("a try does not count if the request before or after it failed, or if there was none", () => {
  const suspects = new Suspects(1);
  const suspect = chunk();
  for (let i = 0; i < 20; i++) {
    assert.notEqual(suspects.refused(suspect, 7, 0, BYTES), "condemned");
    suspects.stored(BYTES);
    assert.notEqual(suspects.refused(suspect, 7, 0, BYTES), "condemned");
    suspects.failed();
  }
  suspects.stored(BYTES);
  suspects.refused(suspect, 7, 0, BYTES);
  for (let i = 0; i < 20; i++) assert.equal(suspects.refused(suspect, 7, 0, BYTES), "quiet");
  suspects.stored(BYTES);
  assert.deepEqual(tried(suspects, suspect, 5), CONDEMNED_AT_LAST.slice(1), "those in a row were one try");
});

test("tries of other suspects in between do not matter", () => {
  const suspects = new Suspects(1);
  const all = [chunk(), chunk(), chunk()];
  for (let i = 0; i < 6; i++) {
    suspects.stored(BYTES);
    assert.deepEqual(
      all.map((one) => suspects.refused(one, 7, 0, BYTES)),
      Array.from({ length: 3 }, () => (i < 5 ? "again" : "condemned")),
    );
  }
});

test("a suspect that only one of two hosts has refused is not condemned", () => {
  const suspects = new Suspects(2);
  const suspect = chunk();
  assert.ok(!tried(suspects, suspect, 20).includes("condemned"));
  assert.deepEqual(tried(suspects, suspect, 1, 1), ["condemned"]);
});

test("a suspect that is stored after all makes all others begin anew, and so does one too many", () => {
  const suspects = new Suspects(1);
  const [suspect, other] = [chunk(), chunk()];
  tried(suspects, suspect, 5);
  tried(suspects, other, 1);
  (other.fates as Uint8Array)[7] = DELIVERED;
  assert.ok(!suspects.has(other));
  suspects.stored(BYTES);
  assert.deepEqual(tried(suspects, suspect, 6), CONDEMNED_AT_LAST);
  for (let i = 0; i < 16; i++) suspects.refused(chunk(), 7, 0, BYTES);
  assert.ok(!suspects.has(suspect));
});

test("a body is searched after five refusals and ten seconds between which the target has stored others", () => {
  const suspects = new Suspects(1);
  const refused = chunk();
  const repeats = (now: number, stores: boolean): boolean => {
    if (stores) suspects.stored(BYTES);
    return suspects.repeats(refused, now);
  };
  for (let now = 0; now < 60_000; now += 1000) assert.ok(!repeats(now, false), "nothing is stored");
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((i) => repeats(60_000 + i, true)),
    [false, false, false, false, true],
  );
  Object.assign(refused, { isOpen: false });
  suspects.repeats(chunk(), 70_000);
  Object.assign(refused, { isOpen: true });
  assert.deepEqual(
    [0, 1000, 2000, 3000, 4000, 9999, 10_000].map((ms) => repeats(70_000 + ms, true)),
    [false, false, false, false, false, false, true],
  );
});

test("another document of the same chunk is another suspect, and a chunk that was shed is none", () => {
  const suspects = new Suspects(1);
  const suspect = chunk();
  tried(suspects, suspect, 5);
  suspects.stored(BYTES);
  assert.equal(suspects.refused(suspect, 8, 0, BYTES), "again");
  Object.assign(suspect, { isOpen: false });
  assert.ok(!suspects.has(suspect));
  suspects.refused(chunk(), 1, 0, BYTES);
  assert.equal([...suspects.all].length, 1);
});

test("what a host refuses while nothing is stored, or before a suspect was stored, says nothing about the document", () => {
  const suspects = new Suspects(2);
  const [suspect, other] = [chunk(), chunk()];
  for (const host of [0, 1, 0, 1]) assert.equal(suspects.refused(suspect, 7, host, BYTES), "quiet");
  assert.ok(!tried(suspects, suspect, 10, 1).includes("condemned"), "host 0 has refused nothing that counts");
  assert.notEqual(suspects.refused(other, 7, 0, BYTES), "condemned");
  (other.fates as Uint8Array)[7] = DELIVERED;
  assert.ok(!tried(suspects, suspect, 10, 0).includes("condemned"), "all begin anew");
});

test("a document is not condemned while only smaller bodies were stored", () => {
  const suspects = new Suspects(1);
  const suspect = chunk();
  const asked = (times: number): string[] =>
    Array.from({ length: times }, () => {
      suspects.stored(BYTES);
      const said = suspects.refused(suspect, 7, 0, BYTES + 1);
      suspects.stored(BYTES);
      return said;
    });
  assert.ok(!asked(20).includes("condemned"));
  suspects.stored(BYTES + 1);
  assert.ok(asked(1).includes("condemned"));
});
