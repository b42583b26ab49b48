// `spillway demo` as a user runs it, without a terminal. Even a short demo must show the ladder at work.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { COLUMNS, ROWS } from "../../src/cli/demo/view.ts";
import { runBin } from "./run-bin.ts";

const BIN = fileURLToPath(new URL("../../bin/spillway.js", import.meta.url));

async function inDirectory(run: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), "spillway-demo-test-"));
  try {
    await run(cwd);
    assert.deepEqual(await readdir(cwd), [], "the demo leaves nothing");
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** Asserts that a ledger line, which is an equation, adds up. */
function assertAddsUp(out: string): void {
  const line = /^ledger +read (.*)$/m.exec(out)?.[1] ?? "";
  const [read, ...parts] = [...line.matchAll(/[\d,]+/g)].map(([text]) => Number(text.replaceAll(",", "")));
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0),
    read,
    line,
  );
  assert.match(out, /^ +balance 0 OK$/m);
}

test("the help says which terminal the full screen needs", async () => {
  const { out } = await runBin(["demo", "--help"]);
  assert.match(out.replaceAll(/\s+/g, " "), new RegExp(` in a terminal of less than ${COLUMNS} x ${ROWS} `));
});

test("the rungs act one after the other, the buffer drains, the ledger adds up, nothing is left", async () => {
  await inDirectory(async (cwd) => {
    const { code, out, err } = await runBin(["demo", "--seconds", "15"], {}, cwd);
    assert.equal(err, "");
    assert.equal(code, 0, out);
    const rungs = [...out.matchAll(/^ *\d+s {2}(block|sample|drop-oldest|accept) {2}/gm)].map((match) => match[1]);
    const up = rungs.filter((rung, i) => rung !== "accept" && rungs.indexOf(rung) === i);
    const ladder = ["block", "sample", "drop-oldest"];
    assert.deepEqual(up, ladder.slice(0, up.length), out);
    assert.ok(up.length >= 2, out);
    assert.equal(rungs.at(-1), "accept", out);
    assert.match(out, /^ledger .* buffered 0$/m);
    assertAddsUp(out);
    const delivered = /^ledger .* delivered ([\d,]+)/m.exec(out)?.[1];
    assert.equal(/^sandbox +([\d,]+) documents$/m.exec(out)?.[1], delivered);
    assert.match(out, /^next +spillway check -c config\/spillway.yml$/m);
  });
});

test("Ctrl-C ends it: the account is printed all the same, and nothing is left", async () => {
  await inDirectory(async (cwd) => {
    const child = spawn(process.execPath, [BIN, "demo"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      // The demo has begun, and records are under way.
      if (/^act 1/m.test(text)) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 0, out);
    assertAddsUp(out);
  });
});

test("a length that leaves no time for the play, and faults that do not exist, are refused", async () => {
  await inDirectory(async (cwd) => {
    const short = await runBin(["demo", "--seconds", "3"], {}, cwd);
    assert.equal(short.code, 64);
    assert.match(short.err, /--seconds is `3`, needs a whole number of at least 15/);
    const unknown = await runBin(["demo", "--faults", "sloow"], {}, cwd);
    assert.equal(unknown.code, 64);
    assert.match(unknown.err, /fault "sloow" is not known/);
  });
});
