// `spillway check` as a user runs it: real processes, their output and exit codes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runBin } from "./run-bin.ts";

const dir = mkdtempSync(join(tmpdir(), "spillway-check-"));
const server = createServer((_, response) => {
  response.setHeader("x-elastic-product", "Elasticsearch").setHeader("content-type", "application/json");
  response.end(JSON.stringify({ version: { number: "8.19.0" }, tagline: "You Know, for Search" }));
});
let url = "";

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(dir, "app.log"), "one\ntwo\n");
  writeFileSync(join(dir, "app.log.gz"), "");
  writeFileSync(join(dir, "good.yml"), `inputs: [{ id: app, paths: ["${dir}/*.log*"], exclude: ["*.gz"] }]\n`);
  writeFileSync(
    join(dir, "warn.yml"),
    `inputs: [{ id: app, paths: ["${dir}/*.log"] }]\nshutdown: { read_to_end: yes }\n`,
  );
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(dir, { recursive: true });
});

const fixtures = new URL("../fixtures/config/", import.meta.url);

test("faults go to stderr exactly as documented, exit 78", async () => {
  const { code, out, err } = await runBin(
    ["check", "-c", "first-ten-minutes.yml"],
    { ES_API_KEY: "x" },
    fixtures.pathname,
  );
  const text = readFileSync(new URL("first-ten-minutes.txt", fixtures), "utf8").trimEnd();
  assert.equal(err, `${text}. spillway explain CODE says more about each; nothing was started.\n`);
  assert.equal(out, "");
  assert.equal(code, 78);
});

test("a credential that only the unit sees is a warning, unless the server is to be asked", async () => {
  const file = join(dir, "credential.yml");
  const secrets = 'auth: { api_key: "${credential:es}" }, tls: { ca: "${CREDENTIALS_DIRECTORY}/ca.pem" }';
  writeFileSync(file, `inputs: [{ id: app, paths: ["${dir}/*.log"] }]\noutput: { hosts: ["${url}"], ${secrets} }\n`);
  const { code, out, err } = await runBin(["check", "-c", file]);
  assert.equal(code, 0, err);
  assert.match(err, /warning: `CREDENTIALS_DIRECTORY` is not set.*\n.*api_key: \*\*\*/);
  assert.match(err, /LoadCredential=NAME:\/path/);
  assert.match(out, /^# {3}app: 1 file/m);
  assert.match(out, /^ {4}api_key: "\*\*\*"$/m);
  assert.match(out, /ca: .*CREDENTIALS_DIRECTORY\}\/ca\.pem/);
  const asking = await runBin(["check", "-c", file, "--connect"]);
  assert.equal(asking.code, 78);
  assert.match(asking.err, /error: `CREDENTIALS_DIRECTORY`.*\n.*\n.*systemd-run --pipe --property=LoadCredential=es:/);
  assert.equal((await runBin(["run", "-c", file])).code, 78, "an agent needs its secrets");
  for (const words of [["simulate"], ["run", "--dry-run"]]) {
    const looking = await runBin([...words, "-c", file]);
    assert.equal(looking.code, 0, looking.err);
  }
});

test("--json has the same faults as one document on stdout", async () => {
  const { code, out, err } = await runBin(["check", "-c", "first-ten-minutes.yml", "--json"], {}, fixtures.pathname);
  const { version, error } = JSON.parse(out) as {
    version: string;
    error: { exit: number; faults: { line: number; column: number; code: string }[] };
  };
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.equal(error.exit, 78);
  assert.deepEqual(
    error.faults.map(({ line, column, code: name }) => `${line}:${column} ${name}`),
    [
      "5:9 duplicate-id",
      "8:9 disk-too-small",
      "11:43 leave-not-below-enter",
      "12:17 unreachable-rung",
      "15:3 unknown-key",
      "16:20 unset-variable",
    ],
  );
  assert.equal(err, "");
  assert.equal(code, 78);
});

test("a good configuration: YAML that is one itself, each rung in words, the files found now", async () => {
  const { code, out } = await runBin(["check", "-c", join(dir, "good.yml")]);
  assert.equal(code, 0);
  assert.match(out, /^# {3}default \(app\): \d+ MiB of disk$/m);
  assert.match(out, /70 %, \d+ MiB: reading waits until below 60 %; opens when files at risk pass 256 MiB/);
  assert.match(out, /85 %, \d+ MiB: 1 record in 4 is kept, warn and above all kept, until below 70 %/);
  assert.match(out, new RegExp(`app: 1 file, 8 B: ${dir}/app\\.log$`, "m"));
  const again = join(dir, "again.yml");
  writeFileSync(again, out);
  const second = await runBin(["check", "-c", again]);
  assert.equal(second.out.replace(again, join(dir, "good.yml")), out);
});

test("--set wins, and a wrong one points at itself", async () => {
  const good = await runBin(["check", "-c", join(dir, "good.yml"), "--set", "buffer.memory=16MiB", "--json"]);
  const facts = JSON.parse(good.out) as { config: { buffer: { memory: string } }; inputs: { app: { files: number } } };
  assert.equal(facts.config.buffer.memory, "16MiB");
  assert.equal(facts.inputs.app.files, 1);
  const bad = await runBin(["check", "-c", join(dir, "good.yml"), "--set", "buffer.memory=16"]);
  assert.match(bad.err, /^--set:1:15: error: /);
  assert.equal(bad.code, 78);
});

test("warnings are said and stop nothing; --deny-warnings makes them exit 78", async () => {
  const mild = await runBin(["check", "-c", join(dir, "warn.yml")]);
  assert.match(mild.err, /warn\.yml:2:26: warning: .* \[yaml-boolean\]/);
  assert.equal(mild.code, 0);
  const strict = await runBin(["check", "-c", join(dir, "warn.yml"), "--deny-warnings"]);
  assert.match(strict.err, /warning: .* \[yaml-boolean\][^]*1 warning in/);
  assert.equal(strict.code, 78);
});

test("--connect ticks each step and names the server; an unreachable one is exit 75", async () => {
  const good = await runBin(["check", "-c", join(dir, "good.yml"), "--set", `output.hosts=${url}`, "--connect"]);
  assert.match(good.err, /ok {3}resolve .*\n {2}ok {3}connect .*\n {2}ok {3}server .* elasticsearch 8\.19\.0\n/);
  assert.equal(good.code, 0);
  assert.ok(`${good.out}${good.err}`.split("\n").length <= 24, "all of it fits on a screen");
  assert.match(good.err, /; next: spillway run -c .*\n$/, "what matters comes last");
  const port = await freePort();
  const bad = await runBin([
    "check",
    "-c",
    join(dir, "good.yml"),
    "--set",
    `output.hosts=http://127.0.0.1:${port}`,
    "--connect",
  ]);
  assert.match(bad.err, /\nconnect failed at .*ECONNREFUSED.*\[output-connect\]\n  check host and port/);
  assert.equal(bad.code, 75);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test("the default file is named when it is not there", async () => {
  const { code, err } = await runBin(["check", "-c", join(dir, "nope.yml")]);
  assert.match(err, /nope\.yml: error: could not read the configuration: no such file \[unreadable-file\]/);
  assert.equal(code, 78);
});

test("check loads neither SQLite nor the Elasticsearch client", () => {
  const script = `
    const { registerHooks } = await import("node:module");
    registerHooks({ load(url, context, next) {
      if (/better-sqlite3|@elastic|chokidar|pino/.test(url)) process.stdout.write("LOADED " + url + "\\n");
      return next(url, context);
    } });
    process.argv = [process.execPath, "spillway", "check", "-c", ${JSON.stringify(join(dir, "good.yml"))}];
    const { start } = await import(${JSON.stringify(new URL("../../src/cli/main.ts", import.meta.url).href)});
    await start();`;
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.match(out, /Effective configuration/);
  assert.doesNotMatch(out, /LOADED/);
});

test("schema prints the committed JSON Schema; --version the package's", async () => {
  const schema = await runBin(["schema"]);
  assert.equal(schema.out, readFileSync(new URL("../../config/schema.json", import.meta.url), "utf8"));
  const { out } = await runBin(["--version"]);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

test("no colour without a terminal", async () => {
  const { err } = await runBin(["check", "-c", "first-ten-minutes.yml"], { FORCE_COLOR: "1" }, fixtures.pathname);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(err, /\u001b/);
});
