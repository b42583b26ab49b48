// Writes numbered lines that hardly compress, and asserts that each line was stored exactly once.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import type { BulkServer } from "../../src/sandbox/bulk-server.ts";

export class RandomLines {
  written = 0;

  append(path: string, lines: number): void {
    let text = "";
    for (let i = 0; i < lines; i++) text += `line ${this.written++} ${randomBytes(300).toString("base64")}\n`;
    appendFileSync(path, text);
  }

  /** How often each line was stored, by line number. */
  stored(server: BulkServer): Uint8Array {
    const seen = new Uint8Array(this.written);
    for (const { source } of server.documents()) {
      const n = Number((source["message"] as string).split(" ")[1]);
      seen[n] = (seen[n] as number) + 1;
    }
    return seen;
  }

  /** @param mayRepeat lines that may be stored several times */
  assertStored(server: BulkServer, mayRepeat: ReadonlySet<number> = new Set()): void {
    const wrong = this.stored(server).findIndex((times, line) => times === 0 || (times > 1 && !mayRepeat.has(line)));
    assert.equal(wrong, -1, `line ${wrong} is missing or doubled`);
  }
}
