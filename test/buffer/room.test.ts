import assert from "node:assert/strict";
import { test } from "node:test";
import type { Region } from "../../src/core/arena.ts";
import { RoomQueue, hasRoom } from "../../src/buffer/room.ts";
import { Held, QUOTAS } from "./held.ts";

const never = new AbortController().signal;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function reading(held: Held): {
  queue: RoomQueue;
  ask: (name: string, bytes: number, signal?: AbortSignal) => void;
  got: string[];
  regions: Region[];
} {
  const queue = new RoomQueue(held.state);
  const got: string[] = [];
  const regions: Region[] = [];
  const ask = (name: string, bytes: number, signal = never): void => {
    queue.take(bytes, signal).then(
      (region) => {
        got.push(name);
        regions.push(region);
      },
      (reason: unknown) => got.push(`${name}: ${(reason as Error).message}`),
    );
  };
  return { queue, ask, got, regions };
}

test("readers are served in the order in which they came, a small one does not pass a large one", async () => {
  const held = new Held({ rowBudget: 0 });
  const { queue, ask, got, regions } = reading(held);
  const most = QUOTAS.pool - QUOTAS.page - 1024;
  ask("first", most);
  ask("large", 10_000);
  ask("small", 1);
  await settled();
  assert.deepEqual(got, ["first"]);
  assert.ok(hasRoom(held.state, 1), "there is room for the small one");
  queue.giveUp(regions[0] as Region);
  queue.grant();
  await settled();
  assert.deepEqual(got, ["first", "large", "small"]);
  for (const region of regions.slice(1)) queue.giveUp(region);
  assert.deepEqual([held.state.pool, held.state.unwritten, held.arena.count], [0, 0, 0]);
});

test("one who gave up waiting is not in the way, and a stop turns everybody away", async () => {
  const held = new Held({ rowBudget: 0 });
  const { queue, ask, got } = reading(held);
  const impatient = new AbortController();
  ask("first", QUOTAS.pool - QUOTAS.page - 1024);
  ask("impatient", 10_000, impatient.signal);
  ask("small", 1);
  impatient.abort(new Error("enough"));
  await settled();
  assert.deepEqual(got.sort(), ["first", "impatient: enough", "small"]);
  ask("late", 10_000);
  queue.close();
  await settled();
  assert.match(got.at(-1) as string, /^late: the buffer is stopping/);
});

test("what a reader holds counts once, before and after it became a chunk", async () => {
  const held = new Held();
  const { queue, ask, regions } = reading(held);
  ask("one", 1000);
  await settled();
  const [region] = regions as [Region];
  assert.equal(held.state.pool, region.size);
  queue.handOver(region);
  assert.equal(held.state.pool, 0);
  held.arena.unpin(region);
  held.arena.release(region);
});

test("in memory mode readers stay a few batches ahead, in spill mode they leave what pages rows in", () => {
  const held = new Held({ quotas: { ahead: 1000 } });
  assert.ok(hasRoom(held.state, 100));
  held.add("x".repeat(1000));
  assert.ok(!hasRoom(held.state, 100), "two batches wait");
  held.state.mode = "spill";
  assert.ok(hasRoom(held.state, 100), "the spool takes it");
  held.state.unwritten = QUOTAS.stage;
  assert.ok(!hasRoom(held.state, 100), "the stage is full");
  held.state.phase = "stopping";
  held.state.unwritten = 0;
  assert.ok(!hasRoom(held.state, 1));
});
