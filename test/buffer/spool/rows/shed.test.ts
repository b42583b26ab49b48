import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../../../../src/buffer/inspect/inspect.ts";
import { readLosses } from "../../../../src/buffer/inspect/losses.ts";
import type { Shed, Shedding } from "../../../../src/buffer/spool/spool.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { DROPPED_OLDEST } from "../../../../src/core/fate.ts";
import { Disk } from "../../disk.ts";
import { type RowSpec, adding, noise } from "../rows.ts";
import { cpuMs } from "../../../helpers/cpu.ts";

/** A database with these rows. Rows share a block only if they come in the same call. */
function made(...calls: readonly (readonly RowSpec[])[]): Disk {
  const arena = new Arena(16 << 20);
  const disk = new Disk(arena);
  calls.forEach((specs, i) => disk.store.commit(adding(arena, specs), i + 1));
  return disk;
}

const alone = (seqs: readonly number[], more: Partial<RowSpec> = {}): RowSpec[][] =>
  seqs.map((seq) => [{ seq, data: noise(1000, seq), start: 1000 * (seq - 1), ...more }]);

const shedding = (choice: Shedding["choice"], more: Partial<Shedding> = {}): Shedding => ({
  ...{ queue: 1, after: 0, except: [], fate: DROPPED_OLDEST, certainFrom: 0, atMs: 9, choice },
  ...more,
});
let number = 1000;
const shed = (disk: Disk, wanted: Shedding): Shed => disk.store.shed(wanted, number++);
const left = (disk: Disk): unknown[] => disk.rows("SELECT seq FROM heads ORDER BY queue, seq").flat();
const sound = (disk: Disk): void => assert.deepEqual(inspect(disk.db).violations, []);
const storedOf = (disk: Disk): number => disk.value("SELECT max(stored) FROM blocks") as number;

test("from the front, whole blocks, until so many bytes are free", () => {
  using disk = made(...alone([1, 2, 3, 4, 5]));
  const stored = storedOf(disk);
  const answer = shed(disk, shedding({ order: "oldest", bytes: stored + 1 }));
  assert.deepEqual(left(disk), [3, 4, 5]);
  assert.deepEqual(answer, {
    inputs: [{ input: "in", chunks: 2, records: 2, bytes: 2000, stored: 2 * stored }],
    sources: Float64Array.of(1, 2),
    blocks: new Float64Array(0),
    done: true,
  });
  assert.equal(disk.value("SELECT records FROM ledger WHERE fate = 'oldest'"), 2);
  sound(disk);
});

test("a block of many chunks is free with its last", () => {
  using disk = made(
    [1, 2, 3].map((seq) => ({ seq, data: noise(1000, seq), start: 1000 * seq - 1000 })),
    ...alone([4]),
  );
  const answer = shed(disk, shedding({ order: "oldest", bytes: 1 }));
  assert.deepEqual([left(disk), [...answer.blocks]], [[4], []]);
  sound(disk);
});

test("only rows behind a number, and none of those that are in memory", () => {
  using disk = made(alone([1, 2, 3, 4, 5]).flat());
  const answer = shed(disk, shedding({ order: "oldest", bytes: 1e9 }, { after: 1, except: [3, 5] }));
  assert.deepEqual([left(disk), [...answer.blocks], answer.done], [[1, 3, 5], [1, 2], true]);
  assert.deepEqual(
    answer.inputs.map(({ chunks, stored }) => [chunks, stored]),
    [[2, 0]],
  );
  sound(disk);
});

test("of one queue only, and sums are by input", () => {
  using disk = made(
    ...alone([1], { input: "a", start: 0 }),
    ...alone([2], { input: "b", source: 2, envelope: 2, start: 0 }),
    ...alone([3], { queue: 2, source: 3, envelope: 3, input: "a", start: 0 }),
  );
  const { inputs } = shed(disk, shedding({ order: "oldest", bytes: 1e9 }));
  assert.deepEqual(left(disk), [3]);
  assert.deepEqual(
    inputs.map(({ input, records }) => [input, records]),
    [
      ["a", 1],
      ["b", 1],
    ],
  );
  sound(disk);
});

test("what is too old goes, up to the first that is not", () => {
  using disk = made(...[1, 2, 5, 3].flatMap((agedMs, i) => alone([i + 1], { agedMs })));
  const answer = shed(disk, shedding({ order: "expired", agedMs: 4 }));
  assert.deepEqual([left(disk), answer.done], [[3, 4], true]);
  sound(disk);
});

test("one transaction takes so many rows and says that there are more", () => {
  const specs = Array.from({ length: 5000 }, (_, i) => ({ seq: i + 1, data: "x", start: i }));
  using disk = made(specs);
  const ms = cpuMs(() => {
    const answer = shed(disk, shedding({ order: "oldest", bytes: 1e12 }));
    assert.deepEqual([left(disk).length, answer.done], [1000, false]);
  });
  assert.ok(ms < 1500, `${ms} ms`);
  assert.equal(shed(disk, shedding({ order: "oldest", bytes: 1e12 })).done, true);
  assert.deepEqual(left(disk), []);
  assert.deepEqual(disk.rows("SELECT records, bytes FROM losses"), [[5000, 5000]], "one range for what lies together");
});

test("at random, whole blocks where the numbers point to", () => {
  using disk = made(...alone([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  const stored = storedOf(disk);
  const answer = shed(disk, shedding({ order: "random", bytes: 3 * stored, picks: [0.75, 0, 0.3, 0.5] }));
  assert.deepEqual(left(disk), [2, 3, 5, 6, 7, 9, 10]);
  assert.ok(answer.done);
  assert.equal(shed(disk, shedding({ order: "random", bytes: 1e9, picks: [0.99] })).done, false);
  sound(disk);
});

test("at random too nothing is touched before a number, and a block that lies on both sides only behind it", () => {
  using disk = made(alone([1, 2, 3, 4]).flat());
  const picks = [0.1, 0.9];
  const answer = shed(disk, shedding({ order: "random", bytes: 1e9, picks }, { after: 2, except: [4] }));
  assert.deepEqual(
    [left(disk), [...answer.blocks]],
    [
      [1, 2, 4],
      [1, 1],
    ],
  );
  assert.deepEqual(shed(disk, shedding({ order: "random", bytes: 1, picks }, { after: 9 })).inputs, []);
  sound(disk);
});

test("what may have been sent is uncertain: rows of an earlier process, and those that say so", () => {
  using disk = made(...alone([1]), ...alone([2], { possiblyStored: true }), ...alone([3]), ...alone([4]));
  shed(disk, shedding({ order: "oldest", bytes: 1e9 }, { certainFrom: 2 }));
  assert.deepEqual(
    [...readLosses(disk.db, undefined)].map(({ start, end, uncertain, atMs }) => [start, end, uncertain, atMs]),
    [
      [0, 2000, true, 9],
      [2000, 4000, false, 9],
    ],
  );
});

test("what it costs follows what is dropped, not what there is", () => {
  const specs = Array.from({ length: 20_000 }, (_, i) => ({ seq: i + 1, data: "x", start: i, source: 1 + (i % 100) }));
  using disk = made(...[0, 1, 2, 3, 4].map((n) => specs.slice(4000 * n, 4000 * n + 4000)));
  const few = cpuMs(() => shed(disk, shedding({ order: "expired", agedMs: 1_790_000_000_010 })));
  assert.equal(left(disk).length, 20_000 - 9);
  assert.ok(few < 100, `${few.toFixed(0)} ms for nine of 20,000`);
});

test("the answer to the last one is known, for a thread that died before it could give it", () => {
  using disk = made(...alone([1]), alone([2, 3, 4]).flat());
  const answer = disk.store.shed(shedding({ order: "oldest", bytes: 1e9 }, { except: [3] }), 77);
  assert.equal(disk.store.lastWrite(), 77);
  assert.deepEqual(disk.store.lastShed(), answer);
  assert.deepEqual([...answer.sources, ...answer.blocks], [1, 3, 2, 2]);
});
