// `npm run build`: builds dist/, which the package and the image run. It contains one bundle per entry point instead of some
// 300 small files and 35 packages. That saves 10 MiB of resident memory, and a start reads only a few files. Code that a
// command loads with `import()` stays a separate chunk. All chunks are in dist/cli, beside the files that they find by URL:
// the kernel, the page, and the worker threads of the spool and of network mounts. The addon of better-sqlite3 is in
// dist/prebuilds, where its loader looks for it from a chunk. An installation needs no package besides Node itself.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { type Plugin, build } from "esbuild";
import { COMMANDS } from "../src/cli/program/commands.ts";
import { version } from "../src/cli/version.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./lib/completions.ts";
import { manPage } from "./lib/man-page.ts";
import { sbom } from "./lib/sbom.ts";

const ROOT = join(import.meta.dirname, "..");
const OUT = join(ROOT, "dist");
/** Definitions of `require` and `__dirname`, which bundled CommonJS packages expect. */
const REQUIRE = `import { createRequire as requireFor } from "node:module"; const require = requireFor(import.meta.url);`;
const DIRNAME = "const __dirname = import.meta.dirname;";
/** Platforms with glibc, and with musl as on Alpine. */
const PLATFORMS = ["linux-x64", "linux-arm64", "linuxmusl-x64", "linuxmusl-arm64"];

/**
 * Keeps two copies of undici out of the memory, 5 MiB: the one that the Elasticsearch client brings, for a connection that the
 * agent replaces, and Node's own, which `import "node:http"` loads for members such as `http.WebSocket`.
 */
const withoutUndici: Plugin = {
  name: "without-undici",
  setup({ onResolve, onLoad }) {
    const namespace = "value";
    onResolve({ filter: /^undici$/ }, () => ({ path: "{}", namespace }));
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'process.getBuiltinModule("node:http")', namespace }));
    onLoad({ filter: /^/, namespace }, ({ path }) => ({ contents: `module.exports = ${path};` }));
  },
};

rmSync(OUT, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ["src/cli/main.ts", "src/buffer/spool/worker.ts", "src/inputs/file/mounts/call-worker.ts"],
  entryNames: "[name]",
  chunkNames: "chunk-[hash]",
  outdir: join(OUT, "cli"),
  bundle: true,
  metafile: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  banner: { js: REQUIRE + DIRNAME },
  // Node keeps the source text in memory, so minifying saves 3 MiB. Names are kept for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  // ES modules of OpenTelemetry, from which unused code can be left out: another MiB.
  mainFields: ["module", "main"],
  plugins: [withoutUndici],
});
copyFileSync(join(ROOT, "src/kernel/kernel.wasm"), join(OUT, "cli/kernel.wasm"));
copyFileSync(join(ROOT, "src/ops/admin/dashboard.html"), join(OUT, "cli/dashboard.html"));
mkdirSync(join(OUT, "prebuilds"));
for (const platform of PLATFORMS) {
  const addon = `prebuilds/${platform}.node`;
  copyFileSync(join(ROOT, "node_modules/better-sqlite3", addon), join(OUT, addon));
}

for (const folder of ["completions", "man"]) mkdirSync(join(OUT, folder));
const { stdout } = spawnSync("git", ["log", "-1", "--format=%cs"], { cwd: ROOT, encoding: "utf8" });
for (const [path, text] of [
  ["completions/spillway.bash", bashCompletion(COMMANDS)],
  ["completions/_spillway", zshCompletion(COMMANDS)],
  ["completions/spillway.fish", fishCompletion(COMMANDS)],
  ["man/spillway.1", manPage(COMMANDS, { version, date: (stdout || "2026-01-01").trim() })],
  ["sbom.cdx.json", sbom(ROOT, Object.keys(metafile.inputs), ["uplot"])],
] as const)
  writeFileSync(join(OUT, path), text);
