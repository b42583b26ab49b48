import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { perform } from "../../../src/cli/demo/perform.ts";
import { SpillwayError } from "../../../src/core/errors.ts";
import type { Terminal } from "../../../src/cli/terminal/terminal.ts";

function terminalOf(told: (line: string) => void): Terminal {
  const paint = (_: unknown, text: string): string => text;
  return { out: told, err: told, paintOut: paint, paintErr: paint, isTty: false, columns: 80, json: false };
}

test("a signal ends it with the account, and the signals are given back", async () => {
  const within = await mkdtemp(join(tmpdir(), "spillway-perform-"));
  const listeners = process.listenerCount("SIGINT");
  const lines: string[] = [];
  const terminal = terminalOf((line) => {
    lines.push(line);
    if (line.startsWith("act 1")) process.emit("SIGINT");
  });
  const code = await perform({ totalMs: 60_000, faults: "429=10%", terminal, within });
  assert.equal(code, 0);
  const text = lines.join("\n");
  assert.match(text, /^spillway demo: /);
  assert.match(text, /^stopping: delivering what is left for at most 5 s/m);
  assert.match(text, /balance 0 OK/);
  assert.equal(process.listenerCount("SIGINT"), listeners);
  assert.deepEqual(await readdir(within), []);
  await rm(within, { recursive: true });
});

test("faults that do not exist are refused before anything starts", async () => {
  const terminal = terminalOf(() => assert.fail("nothing is said"));
  const wrong = perform({ totalMs: 60_000, faults: "sloow", terminal, within: "/is-not-looked-at" });
  await assert.rejects(wrong, (error: unknown) => error instanceof SpillwayError && error.code === "sandbox-faults");
});
