import assert from "node:assert/strict";
import { test } from "node:test";
import { sayLimit, sayTransition } from "../../src/agent/transitions.ts";
import type { Log } from "../../src/core/log.ts";
import type { Action, Ladder } from "../../src/core/options.ts";
import type { Facts } from "../../src/ops/facts.ts";
import { NO_TREND, type Trend } from "../../src/policy/forecast.ts";
import { standing } from "../../src/policy/keeper.ts";

const RUNG = { leave: 0.5, notify: undefined };
const LADDER: Ladder = [
  { ...RUNG, action: "block", enter: 0.7, until: undefined },
  { ...RUNG, action: "sample", enter: 0.85, keep: 4, always: "warn" },
  { ...RUNG, action: "drop-oldest", enter: 0.95 },
];
const MIB = 1 << 20;

interface Said {
  readonly level: "info" | "warn";
  readonly event: string;
  readonly message: string;
}

function say(from: Action, to: Action, utilization: number, trend: Trend = NO_TREND, circuit = "closed"): Said {
  const said: Said[] = [];
  const hear =
    (level: Said["level"]) =>
    (event: string, message: string): void =>
      void said.push({ level, event, message });
  const log: Log = { debug() {}, error() {}, info: hear("info"), warn: hear("warn") };
  const output = { circuit, lastError: "connect refused", durations: { quantile: () => 6.44 } };
  const rung = LADDER.findIndex((r) => r.action === to) + 1;
  const state = {
    policy: "default",
    ladder: LADDER,
    share: {},
    standing: { ...standing(0), rung },
    sinceWallMs: 0,
    trend,
  };
  const step = { from, to, atMs: 0, utilization, stoodMs: 1_268_000 };
  sayTransition(log, { output } as unknown as Facts, state as never, step, 768 * MIB);
  assert.equal(said.length, 1);
  return said[0] as Said;
}

test("entering says how full, what it means and why", () => {
  const { level, event, message } = say("accept", "block", 0.7);
  assert.deepEqual([level, event], ["warn", "rung_entered"]);
  assert.equal(
    message,
    "default: block at 70 % (538 MiB of 768 MiB). Reading waits, nothing is lost. Cause: output p99 6.4 s, last error: connect refused",
  );
  assert.match(say("block", "sample", 0.85).message, /1 in 4 kept, warn and above all kept/);
  assert.match(say("sample", "drop-oldest", 0.95).message, /Buffered records are let go, each range listed/);
  assert.match(say("accept", "block", 0.7, NO_TREND, "open").message, /the output does not answer \(connect refused\)/);
});

test("it says what comes next where that is known", () => {
  const forecast = { kind: "rising", to: "sample", inMs: 240_000 } as const;
  assert.match(say("accept", "block", 0.7, { ...NO_TREND, forecast }).message, /Next: sample in 4m$/);
});

test("leaving says how long it lasted, and where to see what it cost", () => {
  const { level, event, message } = say("sample", "accept", 0.42);
  assert.deepEqual([level, event], ["info", "rung_left"]);
  assert.match(message, /accept again at 42 % .* after 21m08s of sample.*spillway losses list/);
  assert.match(say("drop-oldest", "sample", 0.8).message, /down to sample/);
});

test("a limit that shrank says what waits for what, also when the backlog is on a disk that may not be used any more", () => {
  const said: string[] = [];
  const hear = (event: string, message: string): void => void said.push(`${event}: ${message}`);
  const log: Log = { debug() {}, error() {}, info: hear, warn: hear };
  const ladder = (limited: boolean) => ({ policy: "default", limited }) as never;
  sayLimit(log, ladder(true), { occupied: 64 * MIB, budget: 16 * MIB }, 0);
  sayLimit(log, ladder(true), { occupied: 0, budget: 8 * MIB }, 13 * MIB);
  sayLimit(log, ladder(false), { occupied: 4 * MIB, budget: 16 * MIB }, 0);
  assert.deepEqual(said, [
    "limit_waits: default: a limit has shrunk: 64 MiB are buffered, 16 MiB are left to it. Reading waits and nothing is shed until it fits",
    "limit_waits: default: 13 MiB of the backlog are on disk, and no disk is left to it: they are delivered first. Reading waits and nothing is shed until it fits",
    "limit_fits: default: the backlog fits again: 4 MiB are buffered, 16 MiB are left to it",
  ]);
});
