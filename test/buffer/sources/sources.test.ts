import assert from "node:assert/strict";
import { test } from "node:test";
import { type SourceState, storedSource } from "../../../src/buffer/sources/source-state.ts";
import { Sources } from "../../../src/buffer/sources/sources.ts";
import { NO_MARK } from "../../../src/core/source.ts";
import { Held } from "../held.ts";

const identity = { path: "/a", device: "1", inode: "2", birthNs: "3", headLength: 4, headHash: 5 };
const known = (id: string, input: string, num: number) => ({
  ...{ num, id, input, identity, origin: 0, checkpoint: 0, mark: NO_MARK, chunks: 0 },
});
const stored = (id: string, input: string, num: number): SourceState => storedSource(known(id, input, num));

function made(held: Held): { sources: Sources; woken: number[] } {
  const woken: number[] = [];
  return { sources: new Sources(held.state, (ms) => woken.push(ms)), woken };
}

test("what the database knows is there for its input once", () => {
  using held = new Held();
  const { sources } = made(held);
  sources.add([stored("1", "a", 1), stored("2", "b", 2)]);
  sources.add([stored("3", "a", 3)]);
  const ids = (input: string): string[] => sources.known(input).map(({ id }) => id);
  assert.deepEqual([ids("a"), ids("b"), ids("c")], [["1", "3"], ["2"], []]);
  assert.deepEqual(
    [...sources.inputs()],
    [
      ["a", 2],
      ["b", 1],
    ],
  );
  // They would stay in memory after they are settled and forgotten: 78 MiB with 200,000.
  assert.deepEqual(ids("a"), []);
});

test("the buffer goes on as soon as somebody waits for it, and takes its time where nobody does", () => {
  using held = new Held();
  const { sources, woken } = made(held);
  sources.open(known("1", "a", 1), 0);
  held.commit();
  sources.open(known("1", "a", 1), 0);
  sources.identify("1", { ...identity, headLength: 8 });
  sources.gone("1");
  sources.forget("1");
  sources.start("a", 5);
  assert.deepEqual(woken, [5, 1000, 1000, 0, 1000, 0]);
});

test("what a start finds as it was is not written again", () => {
  using held = new Held();
  const { sources } = made(held);
  sources.add([stored("1", "a", 1), stored("2", "a", 2)]);
  sources.open({ ...known("1", "a", 1), identity: { ...identity } }, 0);
  assert.equal(held.commit(), undefined);
  sources.open({ ...known("2", "a", 2), identity: { ...identity, path: "/b" } }, 0);
  assert.notEqual(held.commit(), undefined);
});

test("a first start is known at once, and written once", () => {
  using held = new Held();
  const { sources } = made(held);
  assert.equal(sources.startedAt("a"), undefined);
  sources.start("a", 5);
  assert.equal(sources.startedAt("a"), 5);
  assert.equal(held.commit()?.transaction.full, true);
  assert.deepEqual(held.disk.rows("SELECT value FROM meta WHERE key = 'started a'"), [["5"]]);
  assert.equal(held.commit(), undefined);
});

test("what is gone is answered for when it is, and what is forgotten goes", () => {
  using held = new Held();
  const { sources } = made(held);
  held.add("1\n");
  assert.ok(!sources.answered("a"));
  sources.gone("a");
  held.commit();
  assert.ok(sources.answered("a"));
  sources.forget("a");
  assert.equal(sources.of("a").retired, true);
});

test("nothing is asked of a source that nobody has opened", () => {
  using held = new Held();
  const { sources } = made(held);
  assert.throws(() => sources.of("x"), /BUG: source x is not open/);
});

test("the same facts have the same envelope", () => {
  using held = new Held();
  const { sources } = made(held);
  const facts = { input: "a", path: "/a", host: "h", fields: {}, index: "i", policy: "default" };
  assert.equal(sources.envelope(facts), sources.envelope({ ...facts }));
});
