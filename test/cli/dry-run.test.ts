// `run --dry-run` as a user runs it: a real process beside a real server that must receive nothing.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dryRun } from "../../src/cli/dry-run.ts";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { runBin } from "./run-bin.ts";

const LINES = 3000;

test("it prints what would be sent, asks nobody and leaves no trace", async (t) => {
  assert.ok(dryRun.length === 1 && run.options.some(({ flags }) => flags === "--dry-run"));
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url);
  const numbered = new Numbered();
  numbered.append(join(place.logs, "a.log"), LINES);
  const { code, out, err } = await runBin(["run", "-c", place.config, "--dry-run"]);
  assert.equal(code, 0, err);
  const printed = out.trimEnd().split("\n");
  assert.equal(printed.length, LINES);
  const first = JSON.parse(printed[0] as string) as Record<string, unknown>;
  assert.deepEqual(Object.keys(first), ["@timestamp", "message", "log", "host", "event"]);
  assert.match(err, /dry run: 3,000 documents; nothing was sent and nothing was kept\n$/);
  assert.deepEqual([server.counts.requests, existsSync(place.state)], [0, false]);
  // The dry run left no trace, so a real run reads everything.
  assert.deepEqual(await place.run("--once").exited, { code: 0, signal: null });
  numbered.assertStored(server);
});
