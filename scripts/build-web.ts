// Builds src/ops/admin/dashboard.html, the page at `/`, from src/web. Style and script are inlined, so that the page needs no
// other request and a content security policy can allow both by their hashes. Like build-kernel.ts, the script prints nothing
// if there is nothing to do, and replaces the file by renaming.
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, transform } from "esbuild";

const ROOT = dirname(import.meta.dirname);
const WEB = join(ROOT, "src/web");
const PAGE = join(ROOT, "src/ops/admin/dashboard.html");
/** The page shares some code with the agent, so these folders are its sources too. */
const SOURCES = ["src/web", "src/ops", "src/ops/events", "src/core", "src/policy"];

const changed = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const files = SOURCES.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name)));
const newest = Math.max(...[import.meta.filename, ...files].filter((file) => statSync(file).isFile()).map(changed));

if (changed(PAGE) < newest) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(WEB, "main.ts")],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  const script = (outputFiles[0]?.text ?? "").replaceAll("</script", "<\\/script").trim();
  const uplot = createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css");
  const sheet = readFileSync(uplot, "utf8") + readFileSync(join(WEB, "style.css"), "utf8");
  const { code } = await transform(sheet, { loader: "css", minify: true });
  const page = readFileSync(join(WEB, "page.html"), "utf8")
    .replace("<style></style>", () => `<style>${code.trim()}</style>`)
    .replace("<script></script>", () => `<script>${script}</script>`);
  const fresh = `${PAGE}.${process.pid}`;
  writeFileSync(fresh, page);
  renameSync(fresh, PAGE);
}
