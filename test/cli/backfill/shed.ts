// Shared by the tests of `losses backfill`: lines that all differ, and a ladder that sheds early.
import assert from "node:assert/strict";
import type { HostileServer } from "../../helpers/hostile-server.ts";

export const COUNT = 20_000;
export const TEXT = Array.from(
  { length: COUNT },
  (_, i) => `${i} ${Math.sin(i).toString(36)}${Math.cos(i).toString(36)}\n`,
);
/** The number of lines that are delivered before the server fails. */
export const FIRST = 1000;
export const LADDER = [
  { action: "sample", enter: "1%", leave: "0.5%", keep: "50%" },
  { action: "drop-oldest", enter: "3.5%", leave: "3%" },
];

/** Asserts that every line is stored once, under the offset at which it begins, and that nothing else is stored. */
export function assertAllOnce({ stored }: HostileServer, text: readonly string[] = TEXT): void {
  const offsets = new Map<string, string>();
  let offset = 0;
  for (const line of text) {
    offsets.set(String(offset), line.trimEnd());
    offset += line.length;
  }
  for (const [id, document] of stored) {
    const own = id.split("-").at(-1) as string;
    assert.equal(JSON.parse(document).message, offsets.get(own), `document ${id}`);
    offsets.delete(own);
  }
  assert.equal(offsets.size, 0, `missing: ${[...offsets.values()].slice(0, 3).join(" | ")}`);
  assert.equal(stored.size, text.length);
}
