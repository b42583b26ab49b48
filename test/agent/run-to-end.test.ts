import assert from "node:assert/strict";
import { test } from "node:test";
import type { Agent } from "../../src/agent/agent.ts";
import { runToEnd } from "../../src/agent/run-to-end.ts";
import { systemClock } from "../../src/core/clock.ts";

const never = new Promise<never>(() => {});
const nobody = new AbortController().signal;

/** A fake agent with only the methods that a run to the end calls. */
function agent(parts: Partial<Record<"readToEnd" | "deliverAll" | "done", () => unknown>>): {
  agent: Agent;
  stopped: () => boolean;
} {
  let stopped = false;
  const fake = {
    readToEnd: () => Promise.resolve(),
    deliverAll: () => Promise.resolve(true),
    done: () => ({ records: 0, bytes: 0, totalBytes: 0 }),
    failure: () => never,
    hurry: () => {},
    stop: async () => void (stopped = true),
    ...parts,
  };
  return { agent: fake as unknown as Agent, stopped: () => stopped };
}

const options = { mode: "once", clock: systemClock, deadline: 100 } as const;

test("it is over when all is delivered, and the agent is stopped then", async () => {
  const made = agent({});
  assert.equal(await runToEnd(made.agent, options, nobody), true);
  assert.ok(made.stopped());
});

test("without progress it gives up after the deadline, with progress it goes on", async () => {
  const stuck = agent({ readToEnd: () => never });
  assert.equal(await runToEnd(stuck.agent, options, nobody), false);
  let records = 0;
  const slow = agent({
    deliverAll: () => systemClock.sleep(500).then(() => true),
    done: () => ({ records: records++, bytes: 0, totalBytes: 0 }),
  });
  assert.equal(await runToEnd(slow.agent, options, nobody), true);
});

test("one that is told to stop stops, with what is left in the buffer", async () => {
  const made = agent({ readToEnd: () => never });
  const asked = new AbortController();
  void systemClock.sleep(10).then(() => asked.abort());
  assert.equal(await runToEnd(made.agent, { ...options, deadline: 60_000 }, asked.signal), false);
  assert.equal(await runToEnd(made.agent, { ...options, deadline: 60_000 }, AbortSignal.abort()), false);
  assert.ok(made.stopped());
});
