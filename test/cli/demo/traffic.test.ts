import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Traffic } from "../../../src/cli/demo/traffic.ts";
import { fastClock } from "../../helpers/fast-clock.ts";

test("writes at a rate, rotates, and keeps two rotated files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "spillway-traffic-"));
  try {
    const traffic = new Traffic(directory, fastClock(50));
    await traffic.start();
    assert.ok(traffic.writtenBytes > 0, "the first line is there at once");
    traffic.rate = 100_000;
    const names = async (): Promise<string[]> => (await readdir(directory)).sort();
    while (!(await names()).includes("app.log.5")) await new Promise((resolve) => setImmediate(resolve));
    await traffic.stop();
    const rotated = (await names()).filter((name) => name !== "app.log");
    assert.equal(rotated.length, 2);
    assert.ok(traffic.writtenBytes > 100_000);
  } finally {
    await rm(directory, { recursive: true });
  }
});
