import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SandboxReport } from "../../src/cli/sandbox-report.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { runBin } from "./run-bin.ts";

const BIN = fileURLToPath(new URL("../../bin/spillway.js", import.meta.url));
const BODY = '{"create":{}}\n{"message":"a"}\n{"create":{}}\n{"message":"b"}\n';

function bulk(url: string): Promise<Response> {
  const headers = { "content-type": "application/x-ndjson" };
  return fetch(`${url}/logs/_bulk`, { method: "POST", headers, body: BODY });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`says where it is, takes documents, and ends at ${signal} with what it took`, async (t) => {
    const args = ["sandbox", "--listen", "127.0.0.1:0", "--faults", "slow=1ms,429=50%"];
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => child.kill("SIGKILL"));
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text));
    while (!out.includes("Ctrl-C")) await once(child.stdout, "data");
    assert.match(out, /^ {2}faults {2}429=50%,slow=1ms$/m);
    const url = /^ {2}url {5}(\S+)$/m.exec(out)?.[1] ?? "";
    const answers = [await bulk(url), await bulk(url)].map(({ status }) => status);
    assert.deepEqual(answers.toSorted(), [200, 429]);
    child.kill(signal);
    const [code] = await once(child, "close");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`\nended after .*: 2 documents, requests 2, failed 1, ${2 * BODY.length} B\n$`));
  });
}

test("--print: every document on stdout and nothing else; faults are explained, and `none` switches them off", async (t) => {
  const args = ["sandbox", "--listen", "127.0.0.1:0", "--print", "--faults", "503"];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (err += text));
  while (!err.includes("Ctrl-C")) await once(child.stderr, "data");
  assert.match(err, /^ {2}mapping=TEXT {4}refuses documents that contain this text/m);
  const url = /^ {2}url {5}(\S+)$/m.exec(err)?.[1] ?? "";
  assert.equal((await bulk(url)).status, 503);
  const put = await fetch(`${url}/_sandbox/faults`, { method: "PUT", body: "none" });
  assert.deepEqual([put.status, await put.json()], [200, { faults: "none" }]);
  assert.equal((await bulk(url)).status, 200);
  while (!out.includes("b")) await once(child.stdout, "data");
  child.kill("SIGTERM");
  await once(child, "close");
  assert.equal(out, '{"message":"a"}\n{"message":"b"}\n');
});

test("a line every ten seconds, and none when nothing has arrived", async (t) => {
  const clock = new ManualClock();
  const server = await startSandbox({}, clock);
  t.after(() => server.stop());
  const control = new AbortController();
  const lines: string[] = [];
  const report = new SandboxReport(server, clock);
  const ended = report.lines(control.signal, (line) => lines.push(line));
  const pass = async (): Promise<void> => {
    clock.advance(10_000);
    // Runs after all promises that the tick has resolved.
    await new Promise(setImmediate);
  };
  await pass();
  assert.deepEqual(lines, []);
  await bulk(server.url);
  await pass();
  const says = `2 more documents; requests 1, failed 0; ${BODY.length} B; 2 documents in all; faults none`;
  assert.deepEqual(lines, [`00:00:20  ${says}`]);
  await pass();
  assert.equal(lines.length, 1);
  control.abort();
  await ended;
  assert.equal(report.summary(), `ended after 30 s: 2 documents, requests 1, failed 0, ${BODY.length} B`);
});

test("what cannot be is refused in one sentence", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const used = await runBin(["sandbox", "--listen", `127.0.0.1:${port}`]);
  taken.close();
  assert.equal(used.code, 1);
  assert.match(used.err, /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.* \[sandbox-listen\]\n$/);
  const wrong: readonly (readonly [option: string, value: string, sentence: RegExp])[] = [
    ["--listen", "9200", /--listen is `9200`, needs host:port/],
    ["--listen", "::1:9200", /--listen is `::1:9200`, needs host:port/],
    ["--listen", "localhost:99999", /--listen is `localhost:99999`, needs host:port/],
    ["--faults", "slwo=1s", /fault "slwo" is not known/],
  ];
  for (const [option, value, sentence] of wrong) {
    const { code, err } = await runBin(["sandbox", option, value]);
    assert.equal(code, 64);
    assert.match(err, sentence);
  }
});
