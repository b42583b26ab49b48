// A target whose answers take long must not keep the others waiting, and must not lose its requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hostile } from "../helpers/hostile-server.ts";
import { until } from "./line.ts";
import { Shipping, keepFull } from "./shipping.ts";

const MIB = 1 << 20;

test("a target that takes 15 s for each answer is delivered beside quick ones, and most of its requests are waited for", async () => {
  const does: Hostile = { whole: ({ index }) => (index === "slow" ? { slowMs: 750 } : undefined) };
  const output = { timeout: 3_600_000, concurrency: 16, batch: { bytes: MIB, records: 20_000, age: 20 } };
  // 750 ms are 15 s on the agent's clock.
  await using shipping = await Shipping.start({ does, speed: 20, line: { memory: 16 * MIB, batch: MIB }, output });
  const { server, delivery } = shipping;
  const add = keepFull(shipping);
  const counts = (): number[] => ["slow", "a", "b"].map((index) => server.count(index));
  await until(() => {
    add(["slow"], 5000);
    add(["a", "b"]);
    return counts().every((count) => count >= 8000);
  }, `all of them: ${counts().join()}`);
  const asked = server.requests.filter(({ index }) => index === "slow").map(({ bytes }) => bytes);
  const { failed } = delivery.metrics;
  assert.ok(failed < asked.length / 2, `${failed} of ${asked.length} requests were given up`);
  const most = shipping.line.buffer.outbox.bodies.most / 8;
  assert.ok(
    asked.slice(-4).every((bytes) => bytes <= most),
    `once it is known to be slow its bodies are small: ${asked.join()}`,
  );
});
