import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTS } from "../../../src/cli/demo/acts.ts";
import { AgentLog } from "../../../src/cli/demo/agent-log.ts";
import { Play } from "../../../src/cli/demo/play.ts";
import type { Stage } from "../../../src/cli/demo/stage.ts";
import { SWITCHES, type Switch } from "../../../src/cli/demo/switches.ts";
import type { DemoView } from "../../../src/cli/demo/view.ts";
import type { Status } from "../../../src/ops/status.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { LADDER, play as played } from "./played.ts";

const TOTAL_MS = 20_000;

interface Rig {
  readonly play: Play;
  readonly clock: ManualClock;
  /** The calls that the stage received. */
  readonly done: string[];
  readonly views: DemoView[];
  readonly quit: AbortController;
  status: Status;
  /** Advances the clock frame by frame. */
  pass(ms: number): Promise<void>;
}

function rig(status: Status): Rig {
  const clock = new ManualClock();
  const done: string[] = [];
  const views: DemoView[] = [];
  const quit = new AbortController();
  const traffic = {
    writtenBytes: 0,
    set rate(bytes: number) {
      done.push(`rate ${Math.round(bytes / 1e6)}`);
    },
  };
  const change = async (faults: string): Promise<void> => void done.push(`faults ${faults}`);
  const self: { status: Status } = { status };
  const stage = {
    ladder: LADDER,
    url: "http://127.0.0.1:1/",
    traffic,
    stored: () => 0,
    status: () => self.status,
    change,
  };
  const play = new Play({
    stage: stage as unknown as Stage,
    log: new AgentLog(),
    clock,
    acts: ACTS,
    totalMs: TOTAL_MS,
    show: (view) => views.push(view),
    quit: quit.signal,
  });
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 250) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(250);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return Object.assign(self, { play, clock, done, views, quit, pass });
}

/** An agent that accepts with an empty buffer, and one under load. */
const CALM = calm();
const BUSY = played(45_000).status;

function calm(): Status {
  const { status } = played(0);
  for (const input of Object.values(status.inputs)) input.lag_bytes = 0;
  status.ledger.buffered = { records: 0, bytes: 0 };
  return status;
}

test("the acts follow each other by themselves, a shorter play writes faster, and it ends when all is delivered", async () => {
  const r = rig(BUSY);
  const ended = r.play.run();
  await r.pass(TOTAL_MS + 5000);
  const acts = ["rate 5", "faults ", "rate 8", "faults slow=10s", "rate 18", "faults slow=10s", "rate 5", "faults "];
  assert.deepEqual(r.done.slice(0, acts.length), acts);
  assert.ok(r.done.slice(acts.length).every((step) => step === "rate 0"));
  assert.equal(r.views.at(-1)?.act?.number, 4);
  assert.equal(r.views.at(-1)?.act?.endsInMs, 0);
  r.status = CALM;
  await r.pass(500);
  await ended;
});

test("what cannot be delivered is not waited for without end", async () => {
  const r = rig(BUSY);
  const ended = r.play.run();
  await r.pass(TOTAL_MS + 31_000);
  await ended;
});

test("a key takes the play over, and then it goes on until it is quit", async () => {
  const r = rig(BUSY);
  const ended = r.play.run();
  await r.pass(1000);
  await r.play.take(SWITCHES[2] as Switch);
  await r.pass(10 * TOTAL_MS);
  assert.deepEqual(r.done.slice(-2), ["rate 3", "faults down"]);
  assert.equal(r.views.at(-1)?.act, undefined);
  assert.equal(r.views.at(-1)?.switched?.label, "down");
  r.quit.abort();
  await ended;
});
