#!/usr/bin/env node
// Plain JavaScript that any Node can run. Finds a Node that is new enough before it loads anything that needs one.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import v8 from "node:v8";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"];
/**
 * Below this limit for file descriptors, nothing is started. The agent has 33 open at rest, and 37 during its start. With 40 it
 * still ships, but finds every other file unreadable for a while; with 48 it spills, salvages, reloads and answers 12 requests at
 * once besides 90 busy files. packaging/spillway.sh reports the same if Node has too few to run this file: below 22 it crashes.
 */
const DESCRIPTORS = 48;
const few = lowLimit();

if (!isNew()) {
  const own = ownNode();
  if (own === undefined) refuse();
  else runBy(own);
} else if (few !== undefined) {
  refuseFew(few);
} else {
  // CHOKIDAR_ variables would silently change how files are watched.
  for (const name of Object.keys(process.env)) if (name.startsWith("CHOKIDAR_")) delete process.env[name];
  if (process.pid === 1) heedSignals();
  if (["run", "drain"].includes(process.argv[2] ?? "")) keepReloads();
  if (runsLong(process.argv[2])) beSmall();
  void import(pathToFileURL(mainFile()).href).then((cli) => cli.start());
}

/** The first process of a container ignores signals without a handler, so it would not stop at once when told to. */
function heedSignals() {
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1)
        process.exit(128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]);
    });
}

/** Without a handler, SIGHUP ends a process. One that comes during the start is repeated until the agent listens. */
function keepReloads() {
  process.on("SIGHUP", function again() {
    if (process.listenerCount("SIGHUP") > 1) process.off("SIGHUP", again);
    else setTimeout(() => process.emit("SIGHUP", "SIGHUP"), 100).unref();
  });
}

/**
 * A checkout runs its source, some 300 files, and caches the compiled code, which saves half of the time of a short command. The
 * cache is in the checkout, never in Node's default, a directory in /tmp: whoever creates that first controls what root runs.
 */
function mainFile() {
  const source = join(root, "src", "cli", "main.ts");
  if (!existsSync(source)) return join(root, "dist", "cli", "main.js");
  module.enableCompileCache(join(root, "node_modules", ".cache", "spillway"));
  return source;
}

/** The SQLite addon is built for Node-API 10. With an older one it does not fail, it crashes. */
function isNew() {
  return Number(process.versions.node.split(".")[0]) >= 24 && Number(process.versions.napi) >= 10;
}

/** The Node that npm installed as an optional package, beside this package or above it. */
function ownNode() {
  const name = "node-" + process.platform + "-" + process.arch;
  try {
    const home = dirname(createRequire(import.meta.url).resolve(name + "/package.json"));
    const node = join(home, "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** Exits with 78, the code of a wrong configuration: a restart does not help. */
function refuse() {
  process.stderr.write(
    "spillway: needs Node 24 or newer, this is " +
      process.version +
      "; install Node 26, or install spillway with its optional packages, which bring one [old-node]\n",
  );
  process.exitCode = 78;
}

/** The limit if it is too low. This is the hard limit, because Node has raised the soft one to it. */
function lowLimit() {
  try {
    const hard = /^Max open files +\w+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return Number(hard) < DESCRIPTORS ? hard : undefined;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EMFILE" ? "below 24" : undefined;
  }
}

/** Exits with 78, because somebody has to raise the limit. */
function refuseFew(/** @type {string} */ limit) {
  process.stderr.write(
    `spillway: needs ${DESCRIPTORS} file descriptors, the limit is ${limit}; ` +
      "raise LimitNOFILE= of the unit, nofile of the container or `ulimit -Hn` of the shell, best to 65536 [few-descriptors]\n",
  );
  process.exitCode = 78;
}

/**
 * Runs a child process, because an old Node cannot become another program. Forwards signals and ends as the child does.
 * @param {string} node
 */
function runBy(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(/** @type {NodeJS.Signals} */ (signal)));
  child.on("error", (error) => {
    process.stderr.write("spillway: could not run " + node + ": " + error.message + " [old-node]\n");
    process.exitCode = 78;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? "SIGKILL"];
  });
}

/** Whether the command runs for hours, or reads a state of any size. */
function runsLong(/** @type {string | undefined} */ command) {
  return ["run", "drain", "verify", "repair"].includes(command ?? "");
}

/**
 * Restarts the same process with memory settings that can be chosen only at start, to keep less garbage. The agent allocates
 * little per record, and V8's default lets 25 MiB of garbage pile up. malloc keeps large freed blocks once it has seen some,
 * 60 MiB while a buffer drains. Both settings cost no measurable speed, and 30 ms at start. A size that the user has already
 * chosen is kept.
 */
function beSmall() {
  const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072" };
  // The heap grows by 60 % of what is in use, instead of up to four times that: 10 MiB less while a large backlog drains, for
  // a few percent more CPU time.
  v8.setFlagsFromString("--heap-growing-percent=60");
  const flag = "--max-semi-space-size";
  if ([...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) => option.includes(flag))) return;
  const args = [process.execPath, flag + "=2", ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve?.(process.execPath, args, { ...MALLOC, ...process.env });
  } catch {
    // A sandbox may forbid execve. Then the process uses more memory.
  }
}
