// `npm run release -- 0.2.0`: prepares a release. The working tree must be clean. The script dates the unreleased changes in the
// changelog, sets the version wherever it occurs, commits and tags. Then it builds the artefacts in build/: the npm package,
// the .deb and the .rpm, the JSON Schema of the configuration, the SBOM of the bundle (CycloneDX), the release notes, and the
// checksums of all of them. Nothing is pushed or uploaded. With --artefacts it only builds the artefacts of the current
// version.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, globSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { notesOf, releaseChangelog } from "./lib/changelog.ts";

const ROOT = dirname(import.meta.dirname);
const OUT = join(ROOT, "build");
/** Files that contain the version of the image. */
const NAMING = ["examples/compose.yml", "examples/kubernetes/*", "docs/start.md", "docs/errors.md"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { artefacts: { type: "boolean", default: false }, "no-audit": { type: "boolean", default: false } },
});

if (!values.artefacts) version(positionals[0]);
artefacts();

function version(wanted: string | undefined): void {
  if (wanted === undefined || !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(wanted)) fail("say which version, for example 0.2.0");
  if (run("git", "status", "--porcelain") !== "") fail("the tree has changes that are not committed");
  if (!values["no-audit"]) audit();
  const before = packageVersion();
  const date = run("git", "log", "-1", "--format=%cs");
  edit("CHANGELOG.md", (text) => releaseChangelog(text, wanted, date));
  run("npm", "version", "--no-git-tag-version", "--allow-same-version", wanted);
  for (const file of NAMING.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))) {
    edit(file, (text) =>
      text
        .replaceAll(`spillway:${before}`, `spillway:${wanted}`)
        .replaceAll(`spillway-${before}`, `spillway-${wanted}`)
        .replaceAll(`spillway_${before}`, `spillway_${wanted}`),
    );
  }
  run("git", "commit", "--quiet", "--all", "--message", `release: ${wanted}`);
  run("git", "tag", "--annotate", "--message", `spillway ${wanted}`, `v${wanted}`);
  say(`committed and tagged v${wanted}; push both when the artefacts are good`);
}

/** Stops the release if the audit found something, and also if the registry did not answer. */
function audit(): void {
  const asked = spawnSync(process.execPath, [join(ROOT, "scripts/audit.ts"), "--must"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (asked.status !== 0)
    fail(`npm audit is not clean (--no-audit goes on without it):\n${asked.stdout}${asked.stderr}`);
}

function artefacts(): void {
  const now = packageVersion();
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
  run("npm", "run", "--silent", "package");
  run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", OUT);
  copyFileSync(join(ROOT, "config/schema.json"), join(OUT, `spillway-${now}.schema.json`));
  copyFileSync(join(ROOT, "dist/sbom.cdx.json"), join(OUT, `spillway-${now}.cdx.json`));
  writeFileSync(join(OUT, `spillway-${now}.notes.md`), notesOf(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"), now));
  const sums = readdirSync(OUT)
    .sort()
    .map(
      (name) =>
        `${createHash("sha256")
          .update(readFileSync(join(OUT, name)))
          .digest("hex")}  ${name}\n`,
    );
  writeFileSync(join(OUT, "SHA256SUMS"), sums.join(""));
  for (const name of readdirSync(OUT).sort()) say(`build/${basename(name)}`);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
}

function edit(file: string, change: (text: string) => string): void {
  const path = join(ROOT, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(why: string): never {
  process.stderr.write(`release: ${why}\n`);
  process.exit(1);
}
