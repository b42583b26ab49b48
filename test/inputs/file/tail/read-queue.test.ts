import assert from "node:assert/strict";
import test from "node:test";
import { TURN_BYTES } from "../../../../src/inputs/file/records/framing.ts";
import { ReadQueue } from "../../../../src/inputs/file/tail/read-queue.ts";
import { Tail } from "../../../../src/inputs/file/tail/tail.ts";

function tail(path: string): Tail {
  return new Tail(path, 0);
}

test("first come, first served; no file is queued twice", async () => {
  const queue = new ReadQueue();
  const [a, b] = [tail("a"), tail("b")];
  for (const each of [a, b, a]) queue.push(each);
  assert.equal(await queue.claim("named"), a);
  assert.equal(await queue.claim("named"), b, "a second reader claims the next one");
  assert.equal(queue.take("named"), a);
  queue.push(a);
  assert.equal(queue.take("named"), b);
  assert.equal(await queue.claim("named"), a);
});

test("a file that loses its name changes queues, also while a reader waits for room for it", async () => {
  const queue = new ReadQueue();
  const a = tail("a");
  queue.push(a);
  assert.equal(await queue.claim("named"), a);
  a.mode = "unlinked";
  a.links = 0;
  const urgent = queue.claim("unlinked");
  queue.push(a);
  assert.equal(await urgent, a);
  assert.equal(queue.take("named"), undefined);
  assert.equal(queue.take("unlinked"), a);
});

test("what is over leaves, and closing ends every wait", async () => {
  const queue = new ReadQueue();
  const [a, b] = [tail("a"), tail("b")];
  queue.push(a);
  queue.push(b);
  queue.remove(a);
  assert.equal(await queue.claim("named"), b);
  const waiting = queue.claim("named");
  queue.close();
  assert.equal(await waiting, undefined);
});

test("a file with little to read waits for one with much, not for all of them", async () => {
  const queue = new ReadQueue();
  const busy = Array.from({ length: 5 }, (_, i) => tail(`busy ${i}`));
  for (const each of busy) {
    each.size = 10 * TURN_BYTES;
    queue.push(each);
  }
  const taken: string[] = [];
  const turn = async (): Promise<void> => {
    await queue.claim("named");
    const next = queue.take("named") as Tail;
    taken.push(next.path);
    if (next.path.startsWith("busy")) queue.push(next);
  };
  for (let round = 0; round < 6; round++) {
    for (const name of ["quiet", "calm"]) if (round % 2 === 0) queue.push(tail(name));
    await turn();
  }
  const order = ["quiet", "busy 0", "calm", "busy 1", "quiet", "busy 2"];
  assert.deepEqual(taken, order, "both get reads in turn, and each is in order");
});
