import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { SeqQueue } from "../../src/buffer/seq-queue.ts";

interface Item {
  readonly seq: number;
  readonly weight: number;
}
type Step = { readonly kind: "append" | "add" | "remove" | "shift" | "pop"; readonly at: number };

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("append", "append", "append", "add", "remove", "shift", "pop"),
    at: fc.nat(1_000_000),
  }),
  { maxLength: 120 },
);

test("is a sorted array, whatever is done to it", () => {
  fc.assert(fc.property(steps, (all) => play(all, 0)));
});

test("also when its head has moved past a thousand items", () => {
  fc.assert(
    fc.property(steps, (all) => play(all, 1500)),
    { numRuns: 20 },
  );
});

/** @param before number of items that are added, and removed from the front, before the steps */
function play(all: readonly Step[], before: number): void {
  const queue = new SeqQueue<Item>((item) => item.weight);
  let reference: Item[] = [];
  let next = 1;
  const add = (item: Item): void => {
    queue.add(item);
    reference = [...reference, item].sort((a, b) => a.seq - b.seq);
  };
  const remove = (item: Item | undefined): void => {
    if (item === undefined) return;
    assert.ok(queue.remove(item));
    assert.ok(!queue.remove(item), "twice");
    reference = reference.filter((other) => other !== item);
  };
  for (; next <= before; next++) queue.add({ seq: next, weight: 1 });
  for (let i = 1; i < before; i++) queue.remove(queue.first as Item);
  reference = [...queue];
  for (const { kind, at } of all) {
    if (kind === "append") add({ seq: next++, weight: at });
    else if (kind === "add") {
      const seq = at % next;
      if (reference.every((item) => item.seq !== seq)) add({ seq, weight: at });
    } else if (kind === "shift") remove(reference[0]);
    else if (kind === "pop") remove(reference.at(-1));
    else remove(reference[at % Math.max(1, reference.length)]);
    assert.deepEqual([...queue], reference);
    assert.deepEqual([...queue.youngestFirst()], reference.toReversed());
    const from = reference[reference.length >> 1]?.seq ?? 7;
    for (const seq of [from, from + 1])
      assert.deepEqual(
        [...queue.from(seq)],
        reference.filter((item) => item.seq >= seq),
      );
    assert.equal(queue.first, reference[0]);
    assert.equal(queue.last, reference.at(-1));
    assert.equal(queue.size, reference.length);
    assert.equal(
      queue.weight,
      reference.reduce((sum, { weight }) => sum + weight, 0),
    );
  }
  for (const item of reference) assert.ok(queue.has(item));
  assert.ok(!queue.has({ seq: reference[0]?.seq ?? 1, weight: 1 }), "the same number is not the same item");
}
