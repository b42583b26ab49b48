import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AgentLog } from "../../../src/cli/demo/agent-log.ts";
import { PageSwitches } from "../../../src/cli/demo/page-switches.ts";
import { openStage } from "../../../src/cli/demo/stage.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { SpillwayError } from "../../../src/core/errors.ts";

const parts = { clock: systemClock, version: "0.0.0" };
const fresh = (): { log: AgentLog; switches: PageSwitches } => ({ log: new AgentLog(), switches: new PageSwitches() });

test("lines go from the log files to the sandbox, and nothing is left", async () => {
  const within = await mkdtemp(join(tmpdir(), "spillway-stage-"));
  const stage = await openStage({ ...parts, ...fresh(), within });
  stage.traffic.rate = 1_000_000;
  const answer = await fetch(`${stage.url}status`);
  assert.equal(((await answer.json()) as { state: string }).state, "running");
  while (stage.stored() < 1000) await new Promise((resolve) => setImmediate(resolve));
  await stage.end();
  const { ledger } = stage.status();
  assert.deepEqual(ledger.balance, { records: 0, bytes: 0 });
  assert.equal(ledger.buffered.records, 0);
  assert.equal(ledger.delivered.records, stage.stored());
  assert.deepEqual(await readdir(within), []);
  await rm(within, { recursive: true });
});

test("where nothing can be written it says so", async () => {
  const within = join(tmpdir(), "spillway-is-not-there", "at-all");
  await assert.rejects(openStage({ ...parts, ...fresh(), within }), (error: unknown) => {
    assert.ok(error instanceof SpillwayError);
    assert.equal(error.code, "demo-directory");
    assert.match(error.hint ?? "", /in which you may write/);
    return true;
  });
});
