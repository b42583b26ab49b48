// Two hundred indices: faults of one or many of them must not delay the others, and must use a bounded number of connections.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lines } from "../buffer/running.ts";
import type { Hostile } from "../helpers/hostile-server.ts";
import { until } from "./line.ts";
import { Shipping, TEXT, keepFull, to } from "./shipping.ts";

const MIB = 1 << 20;
const INDICES = Array.from({ length: 200 }, (_, i) => `i${i}`);

function fill({ line }: Shipping): void {
  for (const [i, index] of INDICES.entries()) line.add(lines(10 * i, 10), to(index));
}

const complete = ({ server }: Shipping, indices: readonly string[]): boolean =>
  indices.every((index) => server.count(index) === 10);

test("one of 200 indices that takes nothing keeps none of the other 199 waiting, and is delivered when it is over", async () => {
  const does: Hostile = {};
  does.item = (_, { index }) => (index === "i7" ? { status: 403, type: "security_exception" } : undefined);
  await using shipping = await Shipping.start({ does });
  fill(shipping);
  const others = INDICES.filter((index) => index !== "i7");
  await until(() => complete(shipping, others), "all others");
  assert.equal(shipping.server.count("i7"), 0);
  does.item = undefined;
  await shipping.settled();
  assert.ok(complete(shipping, INDICES));
});

test("80 of 200 indices that never answer leave the others their places: at most 64 have requests under way", async () => {
  const hangs = new Set(INDICES.slice(0, 80));
  const does: Hostile = { whole: ({ index }) => (hangs.has(index) ? "hang" : undefined) };
  await using shipping = await Shipping.start({ does, speed: 100, output: { concurrency: 100 } });
  fill(shipping);
  let most = 0;
  await until(() => {
    most = Math.max(most, [...shipping.delivery.lanes].filter(({ inFlight }) => inFlight > 0).length);
    return complete(shipping, INDICES.slice(80));
  }, "all that answer");
  assert.ok(most <= 64, `${most} targets with requests under way`);
});

for (const [count, memory] of [
  [3, 8],
  [12, 24],
] as const)
  test(`${count} targets that never answer leave room for the bodies of two others, with ${memory} MiB of memory`, async () => {
    const hung = Array.from({ length: count }, (_, i) => `h${i}`);
    const others = ["a", "b"];
    const does: Hostile = { whole: ({ index }) => (hung.includes(index) ? "hang" : undefined) };
    const output = { timeout: 3_600_000, concurrency: 16, batch: { bytes: MIB, records: 20_000, age: 20 } };
    await using shipping = await Shipping.start({ does, line: { memory: memory * MIB, batch: MIB }, output });
    const { clock, server } = shipping;
    const add = keepFull(shipping);
    // The others have nothing to send at first.
    const begun = clock.now();
    await until(() => {
      add(hung);
      return clock.now() > begun + 2000;
    }, "two seconds");
    await until(() => {
      add([...hung, ...others]);
      return others.every((index) => server.count(index) >= 3000);
    }, "all that answer");
    assert.ok(shipping.delivery.circuit === "closed", "requests that were given up say nothing about the server");
  });

test("a document that needs the room of all bodies does not wait for requests that are never answered", async () => {
  const does: Hostile = { whole: ({ index }) => (index === "h" ? "hang" : undefined) };
  const output = { timeout: 3_600_000, batch: { bytes: MIB, records: 20_000, age: 20 } };
  await using shipping = await Shipping.start({ does, line: { memory: 16 * MIB, batch: MIB }, output });
  const { line, server } = shipping;
  line.add(TEXT, to("h"));
  await until(() => server.requests.some(({ index }) => index === "h"), "a request that hangs");
  line.add(`${"x".repeat(1.5 * MIB)}\n`, to("a"));
  await until(() => server.count("a") === 1, "the large document");
});
