#!/usr/bin/env node
// Plain JavaScript that any Node can run: says what is missing before anything that needs it is loaded.
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

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
  if (stays(process.argv[2])) beSmall();
  module.enableCompileCache();
  const source = join(root, "src", "cli", "main.ts");
  const main = existsSync(source) ? source : join(root, "dist", "cli", "main.js");
  void import(pathToFileURL(main).href).then((cli) => cli.start());
}

/** For hours, not for one answer. */
function stays(/** @type {string | undefined} */ command) {
  return command === "run" || command === "drain";
}

/**
 * Becomes the same process with less memory for what is dead: that can be chosen only at start. The agent allocates
 * little per record, and V8's default lets 25 MiB of it pile up; malloc keeps large blocks that were freed once it has
 * seen some, 60 MiB while a buffer drains. Both together cost no speed that could be measured, and 30 ms at start.
 * Who has chosen a size already keeps it.
 */
function beSmall() {
  const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072" };
  const flag = "--max-semi-space-size";
  if ([...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) => option.includes(flag))) return;
  const args = [process.execPath, flag + "=2", ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve?.(process.execPath, args, { ...MALLOC, ...process.env });
  } catch {
    // A sandbox may forbid it. Then it is larger.
  }
}
