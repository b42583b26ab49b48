#!/usr/bin/env node
// Plain JavaScript that any Node can run: says what is missing before anything that needs it is loaded.
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import v8 from "node:v8";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const major = Number(process.versions.node.split(".")[0]);
// Node-API 10 is what the SQLite addon is built for: with less it does not fail, it crashes.
if (major < 24 || Number(process.versions.napi) < 10) {
  const own = join(root, "node_modules", ".bin", "node");
  const remedy = existsSync(own)
    ? "run it with " + own + ", which npm installed"
    : "install Node 26 or run it through npm";
  process.stderr.write(
    "spillway: needs Node 24 or newer, this is " + process.version + "; " + remedy + " [old-node]\n",
  );
  process.exitCode = 1;
} else {
  // They would silently override how files are watched.
  for (const name of Object.keys(process.env)) if (name.startsWith("CHOKIDAR_")) delete process.env[name];
  // A small young generation: the agent allocates little per record, and the default lets 60 MiB of it pile up. It begins
  // small and must not grow; its greatest size cannot be set any more when the process runs.
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  module.enableCompileCache();
  const source = join(root, "src", "cli", "main.ts");
  const main = existsSync(source) ? source : join(root, "dist", "cli", "main.js");
  void import(pathToFileURL(main).href).then((cli) => cli.start());
}
