// The notifier with both kinds of target, against a real server and a real program.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createRungNotifier } from "../../../src/agent/notify/create.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { type Log, silentLog } from "../../../src/core/log.ts";
import type { Ladder } from "../../../src/core/options.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { startHook } from "../../helpers/hook.ts";
import { sampleFacts } from "../../ops/sample-facts.ts";

test("a URL gets the document by POST, a command on its standard input; the log shows no secret of either", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-notify-"));
  t.after(() => rmSync(folder, { recursive: true }));
  await using hook = await startHook<{ event: string; action: string }>();
  const file = join(folder, "got");
  const script = 'cat > "$1"; echo "$2 is not known at https://u:hunter2@h/hunter2"; exit 1';
  const ladder: Ladder = [
    { action: "block", enter: 0.7, leave: 0.6, notify: { url: `${hook.url}/hunter2` }, until: undefined },
    {
      action: "drop-oldest",
      enter: 0.9,
      leave: 0.8,
      notify: { command: ["sh", "-c", script, "sh", file, "s3cr3t-token"] },
    },
  ];
  const lines: string[] = [];
  const say = (event: string, message: string): void => void lines.push(`${event} ${message}`);
  const log: Log = { ...silentLog, info: say, warn: say };
  const notifier = createRungNotifier({
    clock: systemClock,
    log,
    version: "1.2.3",
    secrets: new Set(["s3cr3t-token"]),
    facts: () => sampleFacts(),
    delays: { inForceMs: 10, betweenMs: 60_000, timeoutMs: 10_000 },
  });
  notifier.changed({ policy: "default", ladder, standing: { rung: 2 } });
  await eventually("both to be told", () => lines.length === 2);
  notifier.close();
  assert.deepEqual(lines, [
    `notify_sent default: ${hook.url}/*** was told that block stays in force: answered 200`,
    "notify_failed default: could not tell sh that drop-oldest stays in force: exit code 1; it printed: " +
      "*** is not known at https://***@h/***; tried again in 1m00s if it is still so",
  ]);
  const [first] = hook.got;
  assert.deepEqual([first?.event, first?.action], ["rung_entered", "block"]);
  const second = JSON.parse(readFileSync(file, "utf8")) as typeof first;
  assert.deepEqual([second?.event, second?.action], ["rung_entered", "drop-oldest"]);
});
