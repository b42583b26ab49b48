// A release, made from a clone of the committed state: version, changelog, tag and every published artifact.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sbom } from "../../scripts/lib/sbom.ts";
import { noPackages } from "../helpers/packages.ts";
import { ROOT } from "../helpers/tree.ts";

const VERSION = "0.9.0";

const noClone = !existsSync(join(ROOT, ".git")) && "this is no clone of the repository";

describe("a release", { skip: noPackages() || noClone }, () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-release-"));
  const clone = join(directory, "clone");
  const read = (path: string): string => readFileSync(join(clone, path), "utf8");
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: clone, encoding: "utf8" }).trim();
  after(() => rmSync(directory, { recursive: true }));

  before(() => {
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", ROOT, clone]);
    symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
    git("config", "user.name", "A Tester");
    git("config", "user.email", "tester@localhost");
    // The link to node_modules must not count as a change in the clone.
    git("config", "core.excludesFile", join(directory, "none"));
    execFileSync("sh", ["-c", "echo node_modules >> .git/info/exclude"], { cwd: clone });
    const script = join(clone, "scripts/release.ts");
    execFileSync(process.execPath, [script, VERSION, "--no-audit"], {
      cwd: clone,
      stdio: ["ignore", "ignore", "inherit"],
    });
  });

  test("the version stands everywhere, and is tagged", () => {
    assert.equal((JSON.parse(read("package.json")) as { version: string }).version, VERSION);
    assert.equal((JSON.parse(read("package-lock.json")) as { version: string }).version, VERSION);
    assert.match(
      read("CHANGELOG.md"),
      new RegExp(`## \\[Unreleased\\]\n\n## \\[${VERSION}\\] - \\d{4}-\\d\\d-\\d\\d\n`),
    );
    assert.match(read("examples/kubernetes/daemonset.yaml"), new RegExp(`image: spillway:${VERSION}`));
    assert.equal(git("describe", "--exact-match"), `v${VERSION}`);
    assert.equal(git("status", "--porcelain"), "");
    assert.equal(git("log", "-1", "--format=%s"), `release: ${VERSION}`);
  });

  test("everything that is published is there, with its checksum", () => {
    const names = readdirSync(join(clone, "build")).sort();
    assert.deepEqual(names, [
      "SHA256SUMS",
      `spillway-${VERSION}-1.x86_64.rpm`,
      `spillway-${VERSION}.cdx.json`,
      `spillway-${VERSION}.notes.md`,
      `spillway-${VERSION}.schema.json`,
      `spillway-${VERSION}.tgz`,
      `spillway_${VERSION}-1_amd64.deb`,
    ]);
    for (const line of read("build/SHA256SUMS").trim().split("\n")) {
      const [sum = "", name = ""] = line.split("  ");
      assert.equal(
        createHash("sha256")
          .update(readFileSync(join(clone, "build", name)))
          .digest("hex"),
        sum,
        name,
      );
    }
    assert.match(read(`build/spillway-${VERSION}.notes.md`), /^### /);
  });

  test("the list of its parts has every package of the bundle, and none that only makes it", () => {
    const list = JSON.parse(read(`build/spillway-${VERSION}.cdx.json`)) as {
      components: { name: string; version: string; licenses: unknown[]; hashes?: unknown[] }[];
    };
    const names = list.components.map(({ name }) => name);
    for (const name of ["better-sqlite3", "@elastic/elasticsearch", "pino", "yaml", "uplot"])
      assert.ok(names.includes(name), name);
    for (const name of ["typescript", "esbuild", "oxlint", "playwright-core"]) assert.ok(!names.includes(name), name);
    for (const { name, version, licenses, hashes } of list.components) {
      assert.match(version, /^\d+\.\d+\.\d+/, name);
      assert.ok(licenses.length === 1, `${name} has no licence`);
      assert.ok(hashes?.length === 1, `${name} has no checksum`);
    }
  });
});

test("a package within a package is listed as the lock names it", () => {
  const list = JSON.parse(
    sbom(ROOT, ["node_modules/pino/pino.js", "../x/node_modules/yaml/dist/index.js", "src/a.ts"], []),
  ) as {
    components: { name: string; hashes?: unknown[] }[];
  };
  assert.deepEqual(
    list.components.map(({ name, hashes }) => [name, hashes?.length]),
    [
      ["pino", 1],
      ["yaml", 1],
    ],
  );
});
