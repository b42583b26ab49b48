import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { handOver, makePrivate, makePrivateDirectory, stateFolder } from "../../../src/buffer/directory/private.ts";

const SOMEBODY = 1000;
const DATABASE = new URL("../../../src/buffer/spool/database.ts", import.meta.url).href;
const SQLITE = import.meta.resolve("better-sqlite3");
const PRIVATE = new URL("../../../src/buffer/directory/private.ts", import.meta.url).href;

function temporary(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "spillway-private-"));
  chmodSync(root, 0o755);
  t.after(() => rmSync(root, { recursive: true }));
  return root;
}

/** Only root can change the owner of a file. Skips the test for anyone else. */
function isRoot(t: TestContext): boolean {
  if (process.geteuid?.() === 0) return true;
  t.skip("only root can give files away");
  return false;
}

const mode = (path: string): number => statSync(path).mode & 0o777;

for (const umask of [0o000, 0o022, 0o777])
  test(`with a umask of ${umask.toString(8)} the directory is 0700 and every file in it 0600`, (t) => {
    const directory = join(temporary(t), "state");
    const program = `
      process.umask(${umask});
      const { openForWriting } = await import(${JSON.stringify(DATABASE)});
      openForWriting(${JSON.stringify(directory)}).db.exec("DELETE FROM heads; DELETE FROM meta");
      process.kill(process.pid, "SIGKILL");`;
    const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    const names = readdirSync(directory).sort();
    assert.deepEqual(names, ["lock.db", "pid", "state.db", "state.db-shm", "state.db-wal"], stderr);
    assert.equal(mode(directory), 0o700);
    for (const name of names) assert.equal(mode(join(directory, name)), 0o600, name);
  });

test("a file that root creates belongs to the owner of the directory, as do those that root has created before", (t) => {
  if (!isRoot(t)) return;
  const root = temporary(t);
  writeFileSync(join(root, "before"), "");
  writeFileSync(join(root, "..", `${basename(root)}-outside`), "");
  t.after(() => rmSync(join(root, "..", `${basename(root)}-outside`)));
  symlinkSync(join(root, "..", `${basename(root)}-outside`), join(root, "link"));
  chownSync(root, SOMEBODY, SOMEBODY);
  makePrivate(join(root, "new"));
  const owner = (name: string): number => statSync(join(root, name)).uid;
  assert.deepEqual([owner("new"), owner("before")], [SOMEBODY, 0]);
  handOver(root);
  assert.deepEqual([owner("before"), owner("link")], [SOMEBODY, 0], "a link leads elsewhere");
});

test("a file that others may read is closed to them; what is no file, or cannot be changed, is left alone", (t) => {
  const root = temporary(t);
  writeFileSync(join(root, "open"), "", { mode: 0o644 });
  makePrivate(join(root, "open"));
  assert.equal(mode(join(root, "open")), 0o600);
  mkdirSync(join(root, "folder"), { mode: 0o755 });
  makePrivate(join(root, "folder"));
  assert.equal(mode(join(root, "folder")), 0o755);
  makePrivate(join(root, "not", "there"));
});

test("one's own directory, one that is missing, and one that has a state already are used as they are", (t) => {
  const root = temporary(t);
  assert.equal(stateFolder(root), root);
  assert.equal(stateFolder(join(root, "missing")), join(root, "missing"));
  if (!isRoot(t)) return;
  chownSync(root, SOMEBODY, SOMEBODY);
  assert.equal(stateFolder(root), root, "for root, who imports into the directory of the service's user");
  writeFileSync(join(root, "state.db"), "");
  chownSync(join(root, "state.db"), SOMEBODY, SOMEBODY);
  assert.equal(stateFolder(root), root, "for root, who looks into it");
  chmodSync(root, 0o777);
  assert.equal(stateFolder(root), join(root, "state"), "anybody may have put it there");
});

test("a mount that belongs to root and has mode 0777, for uid 1000: a folder of mode 0700 in it; root finds it too", (t) => {
  if (!isRoot(t)) return;
  const root = temporary(t);
  chmodSync(root, 0o777);
  const program = `
    const { openForWriting } = await import(${JSON.stringify(DATABASE)});
    const { stateFolder } = await import(${JSON.stringify(PRIVATE)});
    // Loads its library while it may still enter every folder.
    new (await import(${JSON.stringify(SQLITE)})).default(":memory:").close();
    process.setgid(${SOMEBODY});
    process.setuid(${SOMEBODY});
    for (let i = 0; i < 2; i++) {
      const { db, lock } = openForWriting(stateFolder(${JSON.stringify(root)}));
      for (const one of [db, lock]) one.close();
    }`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const folder = join(root, "state");
  const { uid } = statSync(folder);
  assert.deepEqual([uid, mode(folder), mode(join(folder, "state.db")), mode(root)], [SOMEBODY, 0o700, 0o600, 0o777]);
  assert.equal(stateFolder(root), folder);
});

test("one's own directory where others may write: a folder in it, so that nothing they put there is followed", (t) => {
  const root = temporary(t);
  for (const bits of [0o777, 0o770, 0o775, 0o1777]) {
    chmodSync(root, bits);
    assert.equal(stateFolder(root), join(root, "state"), bits.toString(8));
  }
  chmodSync(root, 0o755);
  assert.equal(stateFolder(root), root);
});

test("a directory with other files keeps its mode: the state gets a folder in it", (t) => {
  const root = temporary(t);
  const program = `
    const { openForWriting } = await import(${JSON.stringify(DATABASE)});
    const { stateFolder } = await import(${JSON.stringify(PRIVATE)});
    const { db, lock } = openForWriting(stateFolder(${JSON.stringify(root)}));
    for (const one of [db, lock]) one.close();`;
  const open = (): number | null => spawnSync(process.execPath, ["--input-type=module", "-e", program]).status;
  mkdirSync(join(root, "lost+found"));
  assert.equal(stateFolder(root), root, "a file system of its own");
  writeFileSync(join(root, "of-another-program"), "");
  assert.equal(open(), 0);
  const folder = join(root, "state");
  assert.deepEqual([mode(root), mode(folder), stateFolder(root)], [0o755, 0o700, folder]);
  // A directory that was used is used again, also if its database was removed.
  rmSync(join(folder, "state.db"));
  assert.equal(stateFolder(folder), folder);
});

test("a folder that is somebody else's, or leads elsewhere, is refused", (t) => {
  if (!isRoot(t)) return;
  const root = temporary(t);
  chownSync(root, SOMEBODY, SOMEBODY);
  chmodSync(root, 0o777);
  const folder = join(root, "state");
  mkdirSync(folder);
  chownSync(folder, SOMEBODY, SOMEBODY);
  assert.throws(() => stateFolder(root), { code: "state-unusable", exit: 78, message: /belongs to another user/ });
  rmSync(folder, { recursive: true });
  symlinkSync("/", folder);
  assert.throws(() => stateFolder(root), { code: "state-unusable", exit: 78 });
});

test("a directory is made with its parents, and one that the kernel refuses ends with its error", (t) => {
  const root = temporary(t);
  const [a, c] = [join(root, "a"), join(root, "a/b/c")];
  makePrivateDirectory(c);
  assert.deepEqual([mode(a), mode(c)], [0o700, 0o700]);
  makePrivateDirectory(c);
  writeFileSync(join(c, "file"), "");
  assert.throws(() => makePrivateDirectory(join(c, "file")), { code: "EEXIST" });
  assert.throws(() => makePrivateDirectory(join(c, "file/below")), { code: "ENOTDIR" });
  assert.throws(() => makePrivateDirectory("/proc/spillway"), { code: "ENOENT" });
  assert.throws(() => makePrivateDirectory("/proc/spillway/state"), { code: "ENOENT" });
});
