import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../helpers/tree.ts";
import { holderOf, parseLocks } from "../../../src/cli/import/holder.ts";

test("a process that holds a lock on the file is named, and none when it is gone", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-holder-"));
  t.after(() => rmSync(root, { recursive: true }));
  const file = join(root, "tail.db");
  writeFileSync(file, "");
  assert.equal(holderOf(file), undefined);
  // Opens a database and keeps it open. SQLite holds a lock on a database in WAL mode.
  const script = `const db = new (require("better-sqlite3"))(${JSON.stringify(file)}); db.pragma("journal_mode = WAL");
    db.prepare("SELECT count(*) FROM sqlite_master").get(); console.log("locked"); setInterval(() => db.open, 60_000);`;
  const child = spawn(process.execPath, ["-e", script], { cwd: ROOT });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  assert.equal(holderOf(file), child.pid);
  child.kill("SIGKILL");
  await once(child, "close");
  assert.equal(holderOf(file), undefined);
  assert.equal(holderOf(join(root, "none")), undefined);
});

test("locks of every kind are read, and blocked ones are no holders", () => {
  const locks = parseLocks(
    [
      "1: POSIX  ADVISORY  READ 24506 fe:00:10480008 128 128",
      "2: FLOCK  ADVISORY  WRITE 31905 fe:00:10282942 0 EOF",
      "2: -> FLOCK  ADVISORY  WRITE 31906 fe:00:10282942 0 EOF",
      "nonsense",
    ].join("\n"),
  );
  assert.deepEqual(
    [...locks],
    [
      ["fe:00:10480008", 24506],
      ["fe:00:10282942", 31905],
    ],
  );
});
