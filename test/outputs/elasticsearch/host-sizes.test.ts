import assert from "node:assert/strict";
import { test } from "node:test";
import { HostSizes } from "../../../src/outputs/elasticsearch/host-sizes.ts";

const size = (plain: number, wire = plain): { plain: number; wire: number } => ({ plain, wire });

/** Sends a request to host 0 if it fits there, else to host 1. Host 0 takes at most `most`, host 1 everything. */
function send(sizes: HostSizes, bytes: number, most: number): { readonly asked: boolean; readonly took: boolean } {
  const asked = sizes.fits(0, size(bytes));
  const took = asked && bytes <= most;
  if (asked) {
    sizes.asked(0, size(bytes));
    sizes.ended(0, size(bytes), took ? "took" : "too-large");
  }
  if (took) return { asked, took };
  sizes.asked(1, size(bytes));
  sizes.ended(1, size(bytes), "took");
  return { asked, took };
}

test("a size that a host refused goes to the others, and to this host only once in many requests, ever more of them", () => {
  const sizes = new HostSizes(2);
  const asked: number[] = [];
  for (let i = 0; i < 1000; i++) if (send(sizes, 1000, 999).asked) asked.push(i);
  assert.deepEqual(asked, [0, 8, 24, 56, 120, 248, 504]);
});

test("bodies that shrink little by little are refused a few times, not each", () => {
  const sizes = new HostSizes(2);
  let refused = 0;
  for (let bytes = 100_000; bytes > 5000; bytes -= 100) {
    const { asked, took } = send(sizes, bytes, 5000);
    if (asked && !took) refused++;
  }
  assert.ok(refused <= 15, `${refused}`);
});

test("a host whose limit was raised gets its share again", () => {
  const sizes = new HostSizes(2);
  for (let i = 0; i < 100; i++) send(sizes, 1000, 500);
  for (let i = 0; i < 100; i++) send(sizes, 1000, Infinity);
  assert.ok(sizes.fits(0, size(1000)) && sizes.fits(0, size(1_000_000)));
});

test("a host is known to refuse only what is no smaller than what it has refused, packed or not", () => {
  const sizes = new HostSizes(1);
  sizes.ended(0, size(1000, 100), "too-large");
  assert.deepEqual(
    [size(1000, 100), size(2000, 200), size(999, 100), size(5000, 99)].map((one) => sizes.refuses(0, one)),
    [true, true, false, false],
  );
  assert.ok(!sizes.fits(0, size(999)), "a body of several documents is not sent there either");
});

test("three requests in a row that a host turns away halve its limit; an answer between them does not count", () => {
  const sizes = new HostSizes(2);
  for (const how of ["turned-away", "turned-away", "took", "turned-away", "turned-away"] as const)
    sizes.ended(0, size(1000), how);
  assert.ok(sizes.fits(0, size(1000)));
  sizes.ended(0, size(1000), "turned-away");
  assert.deepEqual(
    [sizes.fits(0, size(1000)), sizes.fits(0, size(500)), sizes.refuses(0, size(1000))],
    [false, true, false],
  );
});

test("one request at a time tries a size above the limit", () => {
  const sizes = new HostSizes(2);
  sizes.ended(0, size(1000), "too-large");
  for (let i = 0; i < 8; i++) sizes.ended(1, size(1000), "took");
  assert.ok(sizes.fits(0, size(1000)));
  sizes.asked(0, size(1000));
  for (let i = 0; i < 20; i++) sizes.ended(1, size(1000), "took");
  assert.ok(!sizes.fits(0, size(1000)));
});
