// bin/spillway.js: what it does before any other module is loaded.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/spillway.js", import.meta.url));

/** Runs bin/spillway.js after `script`, which may fake its environment, for example another version of Node. */
function runAfter(
  script: string,
  env: Readonly<Record<string, string>> = {},
  words: readonly string[] = ["--version"],
  bin = BIN,
): Promise<{ code: unknown; err: string }> {
  const args = ["--import", `data:text/javascript,${encodeURIComponent(script)}`, bin, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, _, err) =>
      resolve({ code: error?.code ?? 0, err }),
    );
  });
}

const OLD = ["{ node: '20.20.2', napi: '9' }", "{ node: '24.0.0', napi: '9' }", "{ node: '18.0.0' }"];
const pretend = (versions: string): string => `Object.defineProperty(process, "versions", { value: ${versions} })`;

test("an older Node runs the one that npm brought, passes signals on, and ends as that one does", async () => {
  for (const versions of OLD) {
    assert.deepEqual(await runAfter(pretend(versions), {}, ["check", "-c", "/nonexistent.yml"]), {
      code: 78,
      err: (await runAfter("", {}, ["check", "-c", "/nonexistent.yml"])).err,
    });
  }
  const args = ["--import", `data:text/javascript,${encodeURIComponent(pretend(OLD[0] as string))}`];
  const child = spawn(process.execPath, [...args, BIN, "sandbox", "--listen", "127.0.0.1:0"], { stdio: "pipe" });
  await once(child.stdout, "data");
  const said = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    child.stdout.on("end", () => resolve(text));
  });
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  assert.match(await said, /^ended after/m);
});

test("an older Node alone is told in one sentence what is missing, and that no restart helps", async () => {
  const home = mkdtempSync(join(tmpdir(), "spillway-bin-"));
  mkdirSync(join(home, "bin"));
  copyFileSync(BIN, join(home, "bin/spillway.js"));
  writeFileSync(join(home, "package.json"), '{"type":"module"}');
  for (const versions of OLD) {
    const { code, err } = await runAfter(pretend(versions), {}, [], join(home, "bin/spillway.js"));
    assert.match(err, /^spillway: needs Node 24 or newer, this is v[\d.]+; .+ \[old-node\]\n$/);
    assert.equal(code, 78);
  }
  rmSync(home, { recursive: true });
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
  assert.equal(await first(["repair", "-c", "/nonexistent.yml"]), "--max-semi-space-size=2 1");
  assert.equal(await first(["check", "-c", "/nonexistent.yml"]), "--import undefined");
  const forbidden = 'process.execve = () => { throw new Error("EACCES") };';
  const { code, err } = await runAfter(forbidden, {}, run);
  assert.equal(code, 78);
  assert.match(err, /^\/nonexistent\.yml: error/);
});
