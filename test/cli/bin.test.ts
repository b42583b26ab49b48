// bin/spillway.js: what it does before anything else is loaded.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/spillway.js", import.meta.url));

/** Runs it after `script`, which may pretend. */
function runAfter(
  script: string,
  env: Readonly<Record<string, string>> = {},
  words: readonly string[] = ["--version"],
): Promise<{ code: unknown; err: string }> {
  const args = ["--import", `data:text/javascript,${encodeURIComponent(script)}`, BIN, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, _, err) =>
      resolve({ code: error?.code ?? 0, err }),
    );
  });
}

test("an older Node is told in one sentence what is missing", async () => {
  for (const versions of ["{ node: '20.20.2', napi: '9' }", "{ node: '24.0.0', napi: '9' }", "{ node: '18.0.0' }"]) {
    const { code, err } = await runAfter(`Object.defineProperty(process, "versions", { value: ${versions} })`);
    assert.match(err, /^spillway: needs Node 24 or newer, this is v[\d.]+; .+ \[old-node\]\n$/);
    assert.equal(code, 1);
  }
});

test("nothing in the environment changes how files are watched", async () => {
  const script = 'process.on("exit", () => process.stderr.write(String(process.env.CHOKIDAR_USEPOLLING)))';
  assert.deepEqual(await runAfter(script, { CHOKIDAR_USEPOLLING: "1" }), { code: 0, err: "undefined" });
});

test("what stays runs with a small young generation, unless a size was chosen", async () => {
  const show =
    'process.on("exit", () => process.stderr.write(process.execArgv[0] + " " + process.env.MALLOC_ARENA_MAX))';
  const first = async (words: readonly string[], env = {}): Promise<string | undefined> =>
    (await runAfter(show, env, words)).err.split("\n").at(-1);
  const run = ["run", "-c", "/nonexistent.yml"];
  assert.equal(await first(run), "--max-semi-space-size=2 1");
  assert.equal(await first(run, { MALLOC_ARENA_MAX: "4" }), "--max-semi-space-size=2 4");
  assert.equal(await first(run, { NODE_OPTIONS: "--max-semi-space-size=16" }), "--import undefined");
  assert.equal(await first(["check", "-c", "/nonexistent.yml"]), "--import undefined");
  const forbidden = 'process.execve = () => { throw new Error("EACCES") };';
  const { code, err } = await runAfter(forbidden, {}, run);
  assert.equal(code, 78);
  assert.match(err, /^\/nonexistent\.yml: error/);
});
