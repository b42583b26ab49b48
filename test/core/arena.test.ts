// The arena against a model: the content of each region, which regions are pinned, and how much is free.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { Arena, KERNEL_BYTES, type Region } from "../../src/core/arena.ts";

const POISON = 0xdd;
const bug = { code: "bug" };

interface Held {
  readonly region: Region;
  /** The bytes that its owner wrote. */
  content: Buffer;
  /** The region's address while pinned. */
  fixed: number | undefined;
}

/** The real arena, and assertions about it. */
class Model {
  readonly arena = new Arena(1, { poison: POISON });
  readonly held: Held[] = [];
  private stamp = 0;

  alloc(length: number, end: "low" | "high"): void {
    const room = this.arena.free;
    const region = end === "low" ? this.arena.alloc(length) : this.arena.allocHigh(length);
    if (region === undefined) {
      const pinned = this.held.some((one) => one.fixed !== undefined);
      assert.ok(Arena.cost(length) > room || pinned, "refused although there was room and nothing stood in the way");
      return;
    }
    assert.equal(region.length, length);
    const content = Buffer.alloc(length, ++this.stamp & 0x7f);
    this.arena.view(region).set(content);
    this.held.push({ region, content, fixed: undefined });
  }

  /** Applies `act` to one of the held regions. */
  with(choice: number, act: (one: Held) => void): void {
    const one = this.held[choice % Math.max(1, this.held.length)];
    if (one !== undefined) act(one);
  }

  release(one: Held): void {
    if (one.fixed !== undefined) {
      assert.throws(() => this.arena.release(one.region), bug);
      this.unpin(one);
    }
    const { ptr, size } = one.region;
    this.arena.release(one.region);
    this.poisoned(ptr, ptr + size);
    assert.throws(() => this.arena.release(one.region), bug);
    assert.throws(() => this.arena.view(one.region), bug);
    assert.throws(() => this.arena.pin(one.region), bug);
    this.held.splice(this.held.indexOf(one), 1);
  }

  private poisoned(from: number, to: number): void {
    assert.ok(Buffer.from(this.arena.memory.buffer, from, to - from).equals(Buffer.alloc(to - from, POISON)));
  }

  shrink(one: Held, length: number): void {
    const end = one.region.ptr + one.region.size;
    this.arena.shrink(one.region, length);
    this.poisoned(one.region.ptr + one.region.size, end);
    one.content = one.content.subarray(0, length);
    assert.throws(() => this.arena.shrink(one.region, length + 1), bug);
  }

  pin(one: Held): void {
    this.arena.pin(one.region);
    one.fixed = one.region.ptr;
  }

  unpin(one: Held): void {
    while (one.region.pins > 0) this.arena.unpin(one.region);
    assert.throws(() => this.arena.unpin(one.region), bug);
    one.fixed = undefined;
  }

  check(): void {
    const { arena } = this;
    assert.equal(arena.count, this.held.length);
    assert.equal(
      arena.used,
      this.held.reduce((sum, { region }) => sum + Arena.cost(region.length), 0),
    );
    assert.equal(arena.free, arena.capacity - arena.used);
    let next = KERNEL_BYTES;
    for (const { region, content, fixed } of this.held.toSorted((a, b) => a.region.ptr - b.region.ptr)) {
      assert.ok(region.ptr >= next, "regions overlap");
      assert.equal(region.ptr % 16, 0);
      assert.ok(region.size >= region.length + 32);
      next = region.ptr + region.size;
      assert.ok(arena.view(region).equals(content), "a region lost its bytes");
      if (fixed !== undefined) assert.equal(region.ptr, fixed, "a pinned region moved");
    }
    assert.ok(next <= KERNEL_BYTES + arena.capacity);
    assert.equal(arena.memory.buffer.byteLength, KERNEL_BYTES + arena.capacity);
  }
}

const choice = fc.nat(1000);
const length = fc.oneof(fc.nat(200), fc.nat(9000), fc.nat(70_000));
type Step = (model: Model) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: length.map(
      (n): Step =>
        (model) =>
          model.alloc(n, "low"),
    ),
  },
  {
    weight: 2,
    arbitrary: length.map(
      (n): Step =>
        (model) =>
          model.alloc(n, "high"),
    ),
  },
  {
    weight: 4,
    arbitrary: choice.map(
      (n): Step =>
        (model) =>
          model.with(n, (one) => model.release(one)),
    ),
  },
  {
    weight: 1,
    arbitrary: choice.map(
      (n): Step =>
        (model) =>
          model.with(n, (one) => model.pin(one)),
    ),
  },
  {
    weight: 1,
    arbitrary: choice.map(
      (n): Step =>
        (model) =>
          model.with(n, (one) => model.unpin(one)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(choice, fc.double({ min: 0, max: 1, noNaN: true })).map(
      ([n, part]): Step =>
        (model) =>
          model.with(n, (one) => model.shrink(one, Math.floor(one.region.length * part))),
    ),
  },
);

test("regions never overlap, keep their bytes, and are counted", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const model = new Model();
      for (const act of steps) {
        act(model);
        model.check();
      }
      const page = Buffer.from(model.arena.memory.buffer, 0, KERNEL_BYTES);
      assert.ok(page.equals(Buffer.alloc(KERNEL_BYTES)), "the kernel's page changed");
      // Nothing leaks: after all regions are released, one region can take the whole arena.
      for (const one of [...model.held]) model.release(one);
      assert.equal(model.arena.used, 0);
      assert.ok(model.arena.alloc(model.arena.capacity - 32) !== undefined);
    }),
    { numRuns: 300 * Number(process.env["ARENA_FUZZ"] ?? 1) },
  );
});

test("refuses what does not fit, at any size", () => {
  const arena = new Arena(1);
  for (const length of [arena.capacity - 31, arena.capacity + 1, 2 ** 31 - 16, 2 ** 31, 2 ** 32, 2 ** 40]) {
    assert.equal(arena.alloc(length), undefined, String(length));
    assert.equal(arena.allocHigh(length), undefined, String(length));
  }
  assert.equal(arena.used, 0);
});

test("an arena whose addresses would wrap is refused", () => {
  assert.throws(() => new Arena(2 ** 32 - KERNEL_BYTES), bug);
});

test("scattered room becomes one when nothing is pinned there, and only then", () => {
  const arena = new Arena(1);
  const size = arena.capacity / 8;
  const regions = Array.from({ length: 8 }, () => arena.alloc(size - 32) as Region);
  for (const i of [0, 2, 4, 6]) arena.release(regions[i] as Region);
  arena.pin(regions[5] as Region);
  // The three unpinned regions slide down below the pinned one. That leaves two free slots before it and two after.
  assert.equal(arena.alloc(4 * size - 32), undefined);
  assert.equal(arena.alloc(3 * size - 32), undefined);
  arena.unpin(regions[5] as Region);
  assert.ok(arena.alloc(4 * size - 32) !== undefined);
  assert.equal(arena.free, 0);
});

test("low and high regions meet in the middle", () => {
  const arena = new Arena(1);
  const low = arena.alloc(100) as Region;
  const high = arena.allocHigh(100) as Region;
  assert.equal(low.ptr, KERNEL_BYTES);
  assert.equal(high.ptr + high.size, KERNEL_BYTES + arena.capacity);
});

test("a compaction that moves nothing copies nothing", (t) => {
  const arena = new Arena(1);
  const copies = t.mock.method(arena.bytes, "copyWithin");
  const top = arena.allocHigh(1000) as Region;
  const wall = arena.allocHigh(1000) as Region;
  const low = arena.alloc(1000) as Region;
  arena.pin(wall);
  arena.release(top);
  assert.equal(arena.alloc(arena.free - 32), undefined);
  assert.equal(low.ptr, KERNEL_BYTES);
  assert.equal(copies.mock.callCount(), 0);
});
