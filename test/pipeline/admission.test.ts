import assert from "node:assert/strict";
import { test } from "node:test";
import type { Draft } from "../../src/core/chunk.ts";
import { DROPPED_NEWEST, DROPPED_RATE, FATES, SAMPLED } from "../../src/core/fate.ts";
import type { Ladder, RateLimitRung, Rung } from "../../src/core/options.ts";
import { Admission } from "../../src/pipeline/admission.ts";
import { type Acting, acting } from "../../src/policy/acting.ts";
import { sampleHash, thinning } from "../../src/policy/sample.ts";
import { standing } from "../../src/policy/keeper.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { drop, rateLimit, sample } from "../policy/ladders.ts";
import { lines } from "../buffer/running.ts";
import { Line } from "./line.ts";

const on = (...ladder: Rung[]): Acting => acting(ladder as Ladder, { ...standing(0), rung: ladder.length });
const made = (): { line: Line; clock: ManualClock; admission: Admission } & AsyncDisposable => {
  const clock = new ManualClock();
  const line = new Line({ clock });
  const admission = new Admission(line.arena, line.kernel, clock);
  return { line, clock, admission, [Symbol.asyncDispose]: () => line[Symbol.asyncDispose]() };
};
/** Checks that the kept and the shed records together make up the whole span. */
function conserved({ start, end, records, region, counted }: Draft, before: Draft): void {
  let bytes = region?.length ?? 0;
  let all = records;
  for (const count of counted.values()) {
    bytes += count.bytes;
    all += count.records;
  }
  assert.deepEqual(
    [bytes, all],
    [end - start, before.records + [...before.counted.values()].reduce((n, c) => n + c.records, 0)],
  );
}

test("on a ladder's ground everything is kept as it is", async () => {
  await using all = made();
  const { line, admission } = all;
  const draft = line.draft(lines(0, 10));
  assert.deepEqual(admission.admit(draft, on(), 1), { draft, keep: 0 });
});

test("drop-newest turns away while there is no room below its mark, and only then", async () => {
  await using all = made();
  const { line, admission } = all;
  const now = on(drop("newest", 0.9, 0.8));
  assert.ok(admission.admit(line.draft(lines(0, 2)), now, 0.89).draft.region);
  const before = {
    ...line.draft(lines(0, 3)),
    counted: new Map([[FATES.indexOf("oversize"), { records: 1, bytes: 0 }]]),
  };
  const { draft } = admission.admit(before, now, 0.9);
  assert.deepEqual([draft.records, draft.region, before.region?.released], [0, undefined, true]);
  assert.deepEqual(draft.counted.get(DROPPED_NEWEST), { records: 3, bytes: 21 });
  conserved(draft, before);
  assert.ok(
    admission.admit(line.draft(lines(0, 2)), on(drop("oldest", 0.9, 0.8)), 1).draft.region,
    "others shed later",
  );
});

test("a sampling rung keeps exactly the records that the hash says, under their own offsets", async () => {
  await using all = made();
  const { line, admission } = all;
  const text = lines(0, 400);
  const before = line.draft(text);
  const rung = sample(0.5, 0.4, 4) as Extract<Rung, { action: "sample" }>;
  const { draft, keep } = admission.admit(before, on(rung), 0);
  const { seedHigh, seedLow, threshold } = thinning(before.source, rung);
  let offset = 0;
  const expected = text
    .split("\n")
    .slice(0, -1)
    .filter((each) => {
      const kept = sampleHash(seedHigh, seedLow, offset) < threshold;
      offset += each.length + 1;
      return kept;
    });
  assert.ok(draft.region && draft.table);
  assert.deepEqual([draft.records, keep], [expected.length, 4]);
  const kept = line.arena.view(draft.region).toString().replaceAll("\n", "");
  assert.equal(kept, expected.join(""));
  assert.equal(draft.counted.get(SAMPLED)?.records, 400 - expected.length);
});

test("where nothing is kept the regions go, and the span is still counted", async () => {
  await using all = made();
  const { line, admission } = all;
  const before = line.draft("one\n");
  const { draft } = admission.admit(before, on(sample(0.5, 0.4, 2 ** 31)), 0);
  assert.deepEqual([draft.records, draft.region, draft.table, line.arena.count], [0, undefined, undefined, 0]);
  conserved(draft, before);
});

test("a draft that keeps nothing goes through as it is", async () => {
  await using all = made();
  const { line, admission } = all;
  const before = line.draft("one\n");
  if (before.region) line.arena.release(before.region);
  const draft = { ...before, records: 0, region: undefined };
  assert.deepEqual(admission.admit(draft, on(drop("newest", 0.1, 0.05)), 1), { draft, keep: 0 });
});

test("where there is no room for a record table nothing is sampled", async () => {
  await using all = made();
  const { line, admission } = all;
  const draft = line.draft(lines(0, 10));
  line.arena.alloc(line.arena.free - 48);
  assert.deepEqual(admission.admit(draft, on(sample(0.5, 0.4, 2 ** 31)), 0), { draft, keep: 0 });
});

test("excess: drop turns away what there are no tokens for; a chunk larger than the bucket needs a full one", async () => {
  await using all = made();
  const { line, clock, admission } = all;
  const rung: RateLimitRung = { ...(rateLimit(0.5, 0.4, "drop") as RateLimitRung), rate: 100, burst: 100 };
  const comes = (bytes: number): boolean => {
    const before = line.draft(`${"x".repeat(bytes - 1)}\n`);
    const { draft } = admission.admit(before, on(rung), 0);
    if (!draft.region) assert.deepEqual(draft.counted.get(DROPPED_RATE), { records: 1, bytes });
    return draft.region !== undefined;
  };
  assert.ok(comes(60));
  assert.ok(!comes(60));
  clock.advance(200);
  assert.ok(comes(60));
  assert.ok(!comes(1000));
  clock.advance(1000);
  assert.ok(comes(1000), "otherwise it could never come in");
  clock.advance(9000);
  assert.ok(!comes(2));
  clock.advance(100);
  assert.ok(comes(2));
  assert.equal(admission.waitMs("default", on(rung)), 0, "nobody waits where excess is dropped");
});

test("excess: wait lets everything in and makes the next wait until it is paid for", async () => {
  await using all = made();
  const { line, clock, admission } = all;
  const now = on({ ...(rateLimit(0.5, 0.4, "wait") as RateLimitRung), rate: 1000, burst: 100 });
  assert.equal(admission.waitMs("default", now), 0);
  assert.ok(admission.admit(line.draft(lines(0, 1000)), now, 0).draft.region);
  const owed = lines(0, 1000).length - 100;
  assert.equal(admission.waitMs("default", now), owed);
  clock.advance(owed - 1);
  assert.equal(admission.waitMs("default", now), 1);
  assert.equal(admission.waitMs("default", on()), 0, "the rung was left");
  assert.equal(admission.waitMs("other", now), 0, "each ladder has a bucket of its own");
  clock.advance(1);
  assert.equal(admission.waitMs("default", now), 0);
});
