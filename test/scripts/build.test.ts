// The package must run without the rest of the checkout: it is unpacked elsewhere, without any dependencies.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function spillway(...args: string[]): Ended {
  return spillwayBy([], ...args);
}

/** @param node options of Node */
function spillwayBy(node: readonly string[], ...args: string[]): Ended {
  const command = [...node, join(home, "bin/spillway.js"), ...args];
  return spawnSync(process.execPath, command, { cwd: directory, encoding: "utf8" });
}

test("the package holds what runs and what an operator needs, and no source", () => {
  assert.deepEqual(readdirSync(home).sort(), [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "bin",
    "config",
    "dist",
    "docs",
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
  // No server listens there, so the record stays in the buffer, which is a database by then.
  const { status, stderr } = spillway("run", "-c", "good.yml", "--once", "--deadline", "1s");
  assert.equal(status, 75, stderr);
  const { stdout } = spillway("inspect", "-c", "good.yml", "--json");
  assert.equal(JSON.parse(stdout).ledger.buffered.records, 1);
});

test("no undici takes memory: neither the client's, which is not in the package, nor Node's own, which is not loaded", () => {
  const { components } = JSON.parse(readFileSync(join(home, "dist/sbom.cdx.json"), "utf8"));
  const names = (components as { name: string }[]).map(({ name }) => name);
  assert.ok(names.includes("commander") && !names.includes("undici"), names.join());
  writeFileSync(
    join(directory, "modules.mjs"),
    `process.on("exit", () => process.stdout.write(process.moduleLoadList.join("\\n")));`,
  );
  const by = ["--import", join(directory, "modules.mjs")];
  const { status, stdout, stderr } = spillwayBy(by, "run", "-c", "good.yml", "--once", "--deadline", "1s");
  assert.equal(status, 75, stderr);
  assert.match(stdout, /^NativeModule http$/m);
  assert.doesNotMatch(stdout, /undici/);
});
