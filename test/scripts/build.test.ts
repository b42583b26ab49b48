// What is packed must run where nothing else of the checkout is: unpacked elsewhere, with better-sqlite3 as its only
// package, the rest being in the bundle.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT } from "../helpers/tree.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-package-"));
const home = join(directory, "package");
after(() => rmSync(directory, { recursive: true }));

before(() => {
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: ROOT });
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory];
  const tarball = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", tarball], { cwd: directory });
  mkdirSync(join(home, "node_modules"));
  symlinkSync(join(ROOT, "node_modules/better-sqlite3"), join(home, "node_modules/better-sqlite3"));
});

function spillway(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(home, "bin/spillway.js"), ...args], { cwd: directory, encoding: "utf8" });
}

test("the package holds what runs and what an operator needs, and no source", () => {
  assert.deepEqual(readdirSync(home).sort(), [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "bin",
    "config",
    "dist",
    "node_modules",
    "package.json",
    "systemd",
  ]);
});

test("it checks a configuration", () => {
  writeFileSync(
    join(directory, "good.yml"),
    `inputs: [{ id: app, paths: ["${directory}/*.log"] }]\nbuffer: { path: "${directory}/state" }\noutput: { hosts: ["http://127.0.0.1:9"] }\n`,
  );
  const { status, stderr } = spillway("check", "-c", "good.yml");
  assert.equal(status, 0, stderr);
});

test("it opens its buffer, starts its worker and ships", () => {
  writeFileSync(join(directory, "one.log"), "a line\n");
  // Nothing listens there: the record stays in the buffer, which is a database by then.
  const { status, stderr } = spillway("run", "-c", "good.yml", "--once", "--deadline", "1s");
  assert.equal(status, 75, stderr);
  const { stdout } = spillway("inspect", "-c", "good.yml", "--json");
  assert.equal(JSON.parse(stdout).ledger.buffered.records, 1);
});
