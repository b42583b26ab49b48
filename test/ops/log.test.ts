import assert from "node:assert/strict";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLog, logForm, type AgentLog, type LogForm } from "../../src/ops/log.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const directory = mkdtempSync(join(tmpdir(), "spillway-log-"));
after(() => rmSync(directory, { recursive: true }));
let files = 0;

function logTo(form: LogForm, clock = new ManualClock()): { log: AgentLog; lines: () => string[] } {
  const path = join(directory, `${files++}.log`);
  const fd = openSync(path, "w");
  after(() => closeSync(fd));
  const log = createLog({ level: "info", clock, destination: fd, form });
  return { log, lines: () => readFileSync(path, "utf8").split("\n").slice(0, -1) };
}

test("a line of JSON has time, level, event, the sentence and the fields", () => {
  const { log, lines } = logTo("json");
  log.warn("rung_entered", "default: block at 70 %", { policy: "default", bytes: 12n });
  log.debug("quiet", "below the level");
  log.flushSync();
  assert.deepEqual(
    lines().map((line) => JSON.parse(line)),
    [
      {
        time: "2026-01-01T00:00:00.000Z",
        level: "warn",
        event: "rung_entered",
        msg: "default: block at 70 %",
        policy: "default",
        bytes: 12,
      },
    ],
  );
});

test("a person gets aligned words", () => {
  const { log, lines } = logTo("human");
  log.warn("rung_entered", "default: block at 70 %", { policy: "default" });
  log.flushSync();
  assert.match(lines()[0] ?? "", /^\d\d:\d\d:\d\d warn  rung_entered   default: block at 70 %$/);
});

test("journald gets a priority before each line", () => {
  const { log, lines } = logTo("journal");
  log.error("output_down", "no answer");
  log.info("output_up", "answers again");
  log.flushSync();
  assert.deepEqual(
    lines().map((line) => line.slice(0, 4)),
    ["<3>{", "<6>{"],
  );
});

test("the form follows the descriptor", () => {
  const fd = openSync(join(directory, "form"), "w");
  const { dev, ino } = fstatSync(fd);
  assert.equal(logForm(fd, {}), "json");
  assert.equal(logForm(fd, { JOURNAL_STREAM: `${dev}:${ino}` }), "journal");
  assert.equal(logForm(fd, { JOURNAL_STREAM: "1:2" }), "json");
  closeSync(fd);
});

test("repeats are folded into one line a minute", () => {
  const clock = new ManualClock();
  const { log, lines } = logTo("json", clock);
  for (let i = 0; i < 1214; i++) log.warn("output_429", `rejected ${i}`);
  clock.advance(60_000);
  log.flushSync();
  assert.equal(lines().length, 11);
  const last = JSON.parse(lines().at(-1) ?? "") as Record<string, unknown>;
  assert.equal(last["event"], "suppressed");
  assert.equal(last["msg"], "output_429 repeated 1,204 more times within 60 s (last: rejected 1213)");
});

test("of more than ten indices that take nothing, the others are named together", () => {
  const clock = new ManualClock();
  const { log, lines } = logTo("json", clock);
  for (let i = 1; i <= 12; i++) log.error("output_stalled", `i${i} takes nothing`, { target: `i${i}` });
  clock.advance(60_000);
  log.flushSync();
  const { msg } = JSON.parse(lines().at(-1) ?? "") as { msg: string };
  assert.equal(msg, "output_stalled repeated 2 more times within 60 s, about i11, i12 (last: i12 takes nothing)");
});

test("a changed level counts from the next line", () => {
  const { log, lines } = logTo("json");
  log.debug("a", "no");
  log.setLevel("debug");
  log.debug("a", "yes");
  log.flushSync();
  assert.equal(lines().length, 1);
});
