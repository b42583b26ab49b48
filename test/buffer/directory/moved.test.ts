import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  copyHome,
  homeOf,
  isAtHome,
  isLockAtHome,
  isStateAtHome,
  isUnmounted,
} from "../../../src/buffer/directory/moved.ts";
import { openForReading, openForWriting } from "../../../src/buffer/spool/database.ts";
import type { Database } from "../../../src/buffer/spool/sqlite.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

const ROWS = 12;

/** A state directory with rows, whose database stays open during the test. */
function held(t: TestContext): { directory: string; db: Database } {
  const root = mkdtempSync(join(tmpdir(), "spillway-moved-"));
  const directory = join(root, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  writeBacklog(directory, { inputs, rows: ROWS, bytes: 10_000 });
  const { db, lock } = openForWriting(directory);
  t.after(() => {
    for (const one of [db, lock]) one.close();
    rmSync(root, { recursive: true });
  });
  return { directory, db };
}

function rows(directory: string): unknown {
  const db = openForReading(directory);
  try {
    return db?.prepare("SELECT count(*) FROM heads").pluck().get();
  } finally {
    db?.close();
  }
}

test("files that lie elsewhere are noticed, each by itself", (t) => {
  const { directory } = held(t);
  const home = homeOf(directory);
  assert.ok(isAtHome(directory, home) && isStateAtHome(directory, home));
  renameSync(join(directory, "lock.db"), join(directory, "lock.old"));
  assert.ok(!isAtHome(directory, home) && isStateAtHome(directory, home) && !isLockAtHome(directory, home));
  renameSync(join(directory, "lock.old"), join(directory, "lock.db"));
  assert.ok(isAtHome(directory, home));
  cpSync(join(directory, "state.db"), join(directory, "copy.db"));
  renameSync(join(directory, "copy.db"), join(directory, "state.db"));
  assert.ok(!isAtHome(directory, home) && !isStateAtHome(directory, home) && isLockAtHome(directory, home));
});

test("a copy of what is open takes the place, also of files that are gone, with what only the WAL had", (t) => {
  const { directory, db } = held(t);
  db.exec("DELETE FROM losses; UPDATE meta SET value = '77' WHERE key = 'write'; DELETE FROM heads WHERE seq = 1");
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  assert.equal(copyHome(db, directory, 1e12), undefined);
  assert.equal(statSync(join(directory, "state.db")).mode & 0o777, 0o600);
  // Closing the old database now must not remove the new files that have its name.
  const { db: copy, lock } = openForWriting(directory);
  db.close();
  assert.equal(rows(directory), ROWS - 1);
  for (const one of [copy, lock]) one.close();
});

test("what lies there is set aside, and two of these are kept", (t) => {
  const { directory, db } = held(t);
  for (let i = 0; i < 3; i++) {
    rmSync(join(directory, "state.db"));
    writeFileSync(join(directory, "state.db"), `of somebody else, ${i}`);
    const aside = copyHome(db, directory, 1e12 + i * 1000);
    assert.ok(aside !== undefined && existsSync(aside));
    assert.equal(rows(directory), ROWS);
  }
  const kept = readdirSync(directory).filter((name) => name.startsWith("state.db.replaced-") && !name.endsWith("-wal"));
  assert.deepEqual(kept.sort(), [
    "state.db.replaced-2001-09-09T01-46-41.000Z",
    "state.db.replaced-2001-09-09T01-46-42.000Z",
  ]);
});

test("an empty directory on another device waits for its file system; one without its parent cannot be made", (t) => {
  const { directory } = held(t);
  const home = homeOf(directory);
  assert.ok(!isUnmounted(directory, home));
  assert.ok(!isUnmounted(join(directory, "..", "gone"), home), "it is made again");
  assert.ok(isUnmounted(join(directory, "..", "gone", "deep"), home));
  const mount = mkdtempSync(join(tmpdir(), "spillway-moved-"));
  const disk = SmallDisk.mount("tmpfs", 4, mount);
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(mount, { recursive: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  assert.ok(!isUnmounted(mount, home), "another file system is mounted there");
  assert.ok(!isUnmounted(join(mount, "gone"), home));
  mkdirSync(join(mount, "state"));
  const mounted = [mount, join(mount, "state")].map((path) => [path, homeOf(path)] as const);
  disk.unmount();
  for (const [path, before] of mounted) assert.ok(isUnmounted(path, before), path);
  writeFileSync(join(mount, "something"), "");
  assert.ok(!isUnmounted(mount, (mounted[0] as (typeof mounted)[0])[1]), "somebody has filled it");
});
