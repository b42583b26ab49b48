import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { asideName, moveAside, pruneAside } from "../../../src/buffer/directory/aside.ts";

test("a database goes aside with its log, and two of each kind stay", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-aside-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const kind of ["damaged", "replaced"] as const) {
    for (let i = 0; i < 4; i++) {
      for (const name of i === 3 ? ["state.db"] : ["state.db", "state.db-wal", "state.db-shm"])
        writeFileSync(join(directory, name), "");
      moveAside(directory, asideName(kind, 1e12 + 1000 * i));
      pruneAside(directory, kind);
    }
  }
  assert.deepEqual(readdirSync(directory).sort(), [
    "state.db.damaged-2001-09-09T01-46-42.000Z",
    "state.db.damaged-2001-09-09T01-46-42.000Z-wal",
    "state.db.damaged-2001-09-09T01-46-43.000Z",
    "state.db.replaced-2001-09-09T01-46-42.000Z",
    "state.db.replaced-2001-09-09T01-46-42.000Z-wal",
    "state.db.replaced-2001-09-09T01-46-43.000Z",
  ]);
});
