import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Arena, type Region } from "../../src/core/arena.ts";
import { Kernel } from "../../src/kernel/kernel.ts";

const root = join(import.meta.dirname, "../..");

test("each arena has a kernel of its own", () => {
  for (const text of ["one\n", "one\ntwo\n"]) {
    const arena = new Arena(1);
    const region = arena.alloc(text.length) as Region;
    arena.view(region).write(text);
    assert.equal(new Kernel(arena).scan(region, 0, text.length).records, text.length / 4);
  }
});

test("a kernel that was not built is named, with the remedy", async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), "spillway-kernel-"));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  for (const file of ["src/kernel/load.ts", "src/core/errors.ts"]) {
    mkdirSync(join(elsewhere, file, ".."), { recursive: true });
    cpSync(join(root, file), join(elsewhere, file));
  }
  const { instantiate } = (await import(pathToFileURL(join(elsewhere, "src/kernel/load.ts")).href)) as {
    instantiate(memory: WebAssembly.Memory): unknown;
  };
  assert.throws(() => instantiate(new Arena(1).memory), {
    code: "kernel-missing",
    message: /src\/kernel\/kernel\.wasm/,
    hint: /npm run build:kernel/,
  });
});
