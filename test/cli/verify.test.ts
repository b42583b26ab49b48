// `verify` and `repair` as a user runs them.
import assert from "node:assert/strict";
import { chownSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openForWriting } from "../../src/buffer/spool/database.ts";
import { writeBacklog } from "../helpers/backlog.ts";
import { pagesOf, wreck } from "../helpers/damage.ts";
import { runBin } from "./run-bin.ts";

function made(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "spillway-verify-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const directory = join(root, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  writeBacklog(directory, { inputs, rows: 20, bytes: 300_000 });
  return directory;
}

test("a sound directory: verify says so, repair changes nothing", async (t) => {
  const directory = made(t);
  const { code, out } = await runBin(["verify", "--path", directory]);
  assert.equal(code, 0);
  assert.match(out, /: all is well; [\d,]+ buffered records in 20 chunks/);
  const repaired = await runBin(["repair", "--path", directory]);
  assert.deepEqual([repaired.code, /nothing was changed/.test(repaired.out)], [0, true]);
  assert.ok(!readdirSync(directory).some((name) => name.includes("damaged")));
});

test("a damaged one: verify exits 1 and names the way out, repair takes it, and all is well", async (t) => {
  const directory = made(t);
  wreck(directory, pagesOf(directory, "bodies", "overflow")[0] as number);
  wreck(directory, pagesOf(directory, "heads", "leaf")[0] as number);
  const verified = await runBin(["verify", "--path", directory]);
  assert.equal(verified.code, 1);
  assert.match(verified.out, /: damaged; /);
  assert.match(verified.err, /spillway repair --path /);
  const { code, out } = await runBin(["repair", "--path", directory]);
  assert.equal(code, 0);
  assert.match(out, /are lost; listed by: spillway losses list\nthe old database is .*state\.db\.damaged-/);
  assert.equal((await runBin(["verify", "--path", directory])).code, 0);
  const { losses } = JSON.parse((await runBin(["losses", "list", "--path", directory, "--json"])).out);
  assert.ok(losses.length > 0);
});

test("one that cannot be opened is a report, as a document too", async (t) => {
  const directory = made(t);
  wreck(directory, 1);
  const { code, out } = await runBin(["verify", "--path", directory, "--json"]);
  const { sound, faults } = JSON.parse(out);
  assert.deepEqual([code, sound, faults.length], [1, false, 1]);
  assert.equal((await runBin(["repair", "--path", directory])).code, 0);
});

test("a database that was emptied is told from one in which nothing was ever stored", async (t) => {
  const directory = made(t);
  truncateSync(join(directory, "state.db"));
  rmSync(join(directory, "reserve"), { force: true });
  const never = await runBin(["verify", "--path", directory]);
  assert.deepEqual([never.code, /: nothing was ever stored here/.test(never.out)], [0, true]);
  // An agent makes it once it has written the database.
  writeFileSync(join(directory, "reserve"), "x");
  const { code, out } = await runBin(["verify", "--path", directory]);
  assert.equal(code, 1);
  assert.match(out, /: damaged; .*\n- state\.db is empty, although an agent has written it: what it held is lost/);
  assert.equal((await runBin(["repair", "--path", directory])).code, 0);
  assert.equal((await runBin(["verify", "--path", directory])).code, 0);
});

test("repair by root leaves the files of the directory's owner, who runs the agent", async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can");
  const directory = made(t);
  wreck(directory, pagesOf(directory, "heads", "leaf")[0] as number);
  for (const name of ["lock.db", "pid"]) rmSync(join(directory, name), { force: true });
  for (const path of [directory, join(directory, "state.db")]) chownSync(path, 4321, 4322);
  assert.equal((await runBin(["repair", "--path", directory])).code, 0);
  assert.equal((await runBin(["verify", "--path", directory])).code, 0);
  const names = readdirSync(directory);
  assert.ok(names.includes("state.db") && names.includes("lock.db") && names.some((name) => name.includes("damaged")));
  for (const name of names) {
    const { uid, gid } = statSync(join(directory, name));
    assert.deepEqual([uid, gid], [4321, 4322], name);
  }
});

test("repair beside a running agent is refused", async (t) => {
  const directory = made(t);
  const { db, lock } = openForWriting(directory);
  t.after(() => [db, lock].forEach((one) => one.close()));
  const { code, err } = await runBin(["repair", "--path", directory]);
  assert.deepEqual([code, /\[state-locked\]/.test(err)], [75, true]);
});
