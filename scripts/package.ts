// `npm run package`: builds the .deb and the .rpm for this machine's architecture, including Node, in build/. They are made by
// nfpm: the program named by $NFPM, the one in PATH, or one that Go builds from its module. The same commit gives the same
// bytes, because all times are those of the commit.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { createRequire } from "node:module";

const ROOT = dirname(import.meta.dirname);
const NFPM = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

const { values } = parseArgs({
  options: {
    version: {
      type: "string",
      default: (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version,
    },
    out: { type: "string", default: join(ROOT, "build") },
  },
});
const stage = join(values.out, "stage");
rmSync(stage, { recursive: true, force: true });
layOut();
for (const packager of ["deb", "rpm"]) nfpm(packager);
rmSync(stage, { recursive: true });

/** Creates the staging directory: lib/ is the program; doc/, man/ and completions/ go to the system's own directories. */
function layOut(): void {
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: ROOT, stdio: "inherit" });
  const lib = join(stage, "lib");
  for (const path of ["bin", "config/schema.json", "dist/cli", `dist/prebuilds/linux-${arch()}.node`, "package.json"])
    cpSync(join(ROOT, path), join(lib, path), { recursive: true });
  // Half of Node's size is symbols that only a debugger needs.
  const node = join(home(`node-linux-${arch()}`), "bin/node");
  execFileSync("strip", ["--strip-unneeded", "-o", join(lib, "node"), node]);
  const doc = join(stage, "doc");
  mkdirSync(doc);
  for (const name of ["README.md", "CHANGELOG.md", "SECURITY.md", "docs"])
    cpSync(join(ROOT, name), join(doc, name), { recursive: true });
  cpSync(join(ROOT, "LICENSE"), join(doc, "copyright"));
  cpSync(join(ROOT, "dist/sbom.cdx.json"), join(doc, "sbom.cdx.json"));
  for (const name of ["man", "completions"]) cpSync(join(ROOT, "dist", name), join(stage, name), { recursive: true });
  execFileSync("gzip", ["-9n", ...readdirSync(join(stage, "man")).map((name) => join(stage, "man", name))]);
}

function home(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

/** Runs nfpm. Variables in its configuration are expanded here, because nfpm expands them only in some places. */
function nfpm(packager: string): void {
  const [command = "", ...before] = nfpmCommand();
  const filled = { VERSION: values.version, ARCH: ARCHITECTURES[arch()] ?? arch(), STAGE: stage, MTIME: commitTime() };
  const text = readFileSync(join(ROOT, "packaging/nfpm.yaml"), "utf8");
  const config = join(stage, "nfpm.yaml");
  writeFileSync(
    config,
    text.replace(/\$\{(\w+)\}/g, (_, name: string) => filled[name as keyof typeof filled]),
  );
  const args = ["package", "--config", config, "--packager", packager, "--target", values.out];
  execFileSync(command, [...before, ...args], { cwd: ROOT, stdio: "inherit" });
}

function nfpmCommand(): readonly string[] {
  const named = process.env["NFPM"];
  if (named !== undefined) return [named];
  if (spawnSync("nfpm", ["--version"]).status === 0) return ["nfpm"];
  if (spawnSync("go", ["version"]).status === 0) return ["go", "run", NFPM];
  throw new Error("nfpm makes the packages: install it or Go, or name it in $NFPM");
}

function commitTime(): string {
  const { status, stdout } = spawnSync("git", ["log", "-1", "--format=%cI"], { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : "2026-01-01T00:00:00Z";
}
