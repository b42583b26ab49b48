// Writes numbered lines to files, and asserts that each line was stored exactly once.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import type { BulkServer } from "../../src/sandbox/bulk-server.ts";

export class Numbered {
  written = 0;
  bytes = 0;

  /** @param width bytes of a line, newline included */
  append(path: string, count: number, width = 100): void {
    let text = "";
    for (let i = 0; i < count; i++) text += `${`line ${this.written++} `.padEnd(width - 1, "x")}\n`;
    appendFileSync(path, text);
    this.bytes += text.length;
  }

  /** Asserts that every line was stored once, under whatever id, and nothing else was stored. */
  assertStored(server: BulkServer, index?: string): void {
    const seen = new Uint8Array(this.written);
    for (const { source } of server.documents(index)) {
      const n = Number(/^line (\d+) x*$/.exec(source["message"] as string)?.[1]);
      assert.ok(n < this.written, `never written: ${String(source["message"])}`);
      seen[n] = (seen[n] as number) + 1;
    }
    const missing = [...seen.keys()].filter((n) => seen[n] === 0);
    const doubled = [...seen.keys()].filter((n) => (seen[n] as number) > 1);
    const both = { missing: missing.length, doubled: doubled.length };
    assert.deepEqual(both, { missing: 0, doubled: 0 }, `missing from ${missing[0]}, doubled from ${doubled[0]}`);
  }
}
