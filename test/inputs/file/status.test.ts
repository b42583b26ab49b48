// The status looks only at files that may have unread bytes. The histories check its figures too (model/world.ts).
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SourceIndex } from "../../../src/inputs/file/identity/source-index.ts";
import { statusOf } from "../../../src/inputs/file/status.ts";
import { Tail } from "../../../src/inputs/file/tail/tail.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { bench } from "./setup.ts";

/** @returns the lag, and how many files were looked at for it */
function ask(index: SourceIndex): readonly [lagBytes: number, looks: number] {
  let looks = 0;
  const unread = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };
  const shared = { clock: new ManualClock(), counts: { failures: 0, refusedLinks: 0 }, unread };
  for (const tail of index.attached) {
    const { size } = tail;
    Object.defineProperty(tail, "size", { get: () => (looks++, size), configurable: true });
  }
  const { files, lagBytes } = statusOf(index, { held: 0 }, shared);
  for (const tail of index.attached) Object.defineProperty(tail, "size", { value: tail.size, writable: true });
  assert.equal(files, index.attached.size);
  return [lagBytes, looks - index.attached.size];
}

function add(index: SourceIndex, name: string, size: number, position: number): Tail {
  const tail = new Tail(name, 0);
  tail.ino = index.attached.size + 1;
  Object.assign(tail, { size, position });
  index.add(tail);
  return tail;
}

test("files that were found without unread bytes are not looked at again", () => {
  const index = new SourceIndex();
  for (let i = 0; i < 100; i++) add(index, `/quiet-${i}`, 10, 10);
  const behind = add(index, "/behind", 10, 4);
  assert.deepEqual(ask(index), [6, 101], "each once, since it may have unread bytes when it is found");
  assert.deepEqual(ask(index), [6, 1]);
  behind.position = 10;
  assert.deepEqual(ask(index), [0, 1]);
  assert.deepEqual(ask(index), [0, 0]);
});

test("a file that is moved is looked at again, and one that is gone is not", () => {
  const index = new SourceIndex();
  const tail = add(index, "/a", 10, 10);
  ask(index);
  tail.size = 15;
  index.move(tail);
  assert.deepEqual(ask(index), [5, 1]);
  index.detach(tail);
  assert.deepEqual(ask(index), [0, 0]);
});

test("content of a compressed file may appear without a poll, so it is looked at each time", () => {
  const index = new SourceIndex();
  const tail = add(index, "/a.gz", 10, 10);
  Object.assign(tail, { packed: { stored: 10 } });
  ask(index);
  tail.size = 20;
  assert.deepEqual(ask(index), [10, 1]);
});

test("a file that was read to its end and grows has unread bytes again, and its descriptor counts", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "one\n");
  const input = await run();
  await intake.until(() => input.status().lagBytes === 0 && intake.text === "one\n", "the line to be read");
  appendFileSync(join(dir, "a.log"), "unfinished");
  await intake.until(() => input.status().lagBytes === 10, "the unfinished line to be noticed");
  assert.deepEqual([input.status().files, input.status().open], [1, 1]);
  await input.stop();
  assert.equal(input.status().open, 0);
});
