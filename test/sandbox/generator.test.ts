import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { LogGenerator } from "../../src/sandbox/generator.ts";

async function numbersIn(path: string): Promise<readonly number[]> {
  const text = await readFile(path, "utf8");
  assert.ok(text === "" || text.endsWith("\n"));
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(/seq=(\d{12}) /.exec(line)?.[1]));
}

async function withFile(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-generator-"));
  try {
    await run(join(folder, "access.log"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("bursts are numbered through, across a rotation", async () => {
  await withFile(async (path) => {
    const generator = new LogGenerator({ path, rate: 0, first: 7 }, systemClock);
    await generator.start();
    await Promise.all([generator.burst(1200), generator.rotate("1"), generator.burst(3)]);
    await generator.stop();
    const all = [...(await numbersIn(`${path}.1`)), ...(await numbersIn(path))];
    assert.deepEqual(
      all,
      Array.from({ length: 1203 }, (_, i) => 7 + i),
    );
    assert.equal(generator.written, 7 + 1203);
  });
});

test("a rate is kept, and nothing follows a stop", async () => {
  await withFile(async (path) => {
    const generator = new LogGenerator({ path, rate: 20_000 }, systemClock);
    await generator.start();
    while (generator.written < 2000) await new Promise((resolve) => setImmediate(resolve));
    await generator.stop();
    const numbers = await numbersIn(path);
    assert.equal(numbers.length, generator.written);
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, i) => i),
    );
    assert.ok(generator.writtenBytes === (await readFile(path)).length);
  });
});
