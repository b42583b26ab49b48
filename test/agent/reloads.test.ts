import assert from "node:assert/strict";
import { test } from "node:test";
import { Reloads } from "../../src/agent/reloads.ts";
import type { Fault } from "../../src/config/faults/fault.ts";
import { loadText } from "../../src/config/load.ts";
import type { Reloaded } from "../../src/config/reload.ts";
import { silentLog } from "../../src/core/log.ts";
import type { Config } from "../../src/core/options.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const IN_FORCE = {} as Config;
const BETTER = { config: IN_FORCE, warnings: [], secrets: new Set<string>(), secretFiles: [], memoryLimit: undefined };

function scene(read: () => Reloaded = () => assert.fail()): { reloads: Reloads; clock: ManualClock; said: string[] } {
  const clock = new ManualClock();
  const said: string[] = [];
  const into = (event: string, sentence: string): void => void said.push(`${event}: ${sentence}`);
  const log = { ...silentLog, info: into, warn: into, error: into };
  return { reloads: new Reloads({ clock, log, read }), clock, said };
}

test("a failure leaves the time of the configuration in force, a success forgets the failure", () => {
  const { reloads, clock, said } = scene(() => {
    throw new Error("`pathz` is not a key");
  });
  const start = clock.wall();
  clock.advance(1000);
  assert.equal(reloads.read(IN_FORCE), undefined);
  assert.deepEqual(reloads.facts(), {
    reloading: false,
    loadedAtMs: start,
    reloads: { succeeded: 0, failed: 1 },
    lastFailure: "`pathz` is not a key",
    atRestart: [],
  });
  reloads.succeeded({ ...BETTER, changed: [], atRestart: [] });
  assert.deepEqual(reloads.facts(), {
    reloading: false,
    loadedAtMs: start + 1000,
    reloads: { succeeded: 1, failed: 1 },
    lastFailure: undefined,
    atRestart: [],
  });
  assert.deepEqual(said, [
    "reload_refused: the new configuration is wrong, nothing was changed: `pathz` is not a key",
    "reloaded: the new configuration is in force; nothing in it has changed",
  ]);
});

test("a reload is under way from a valid configuration until it has succeeded or failed", () => {
  const reloaded = { ...BETTER, changed: [], atRestart: [] };
  const { reloads } = scene(() => reloaded);
  for (const end of [() => reloads.succeeded(reloaded), () => reloads.refused(new Error("no"))]) {
    reloads.read(IN_FORCE);
    assert.equal(reloads.facts().reloading, true);
    end();
    assert.equal(reloads.facts().reloading, false);
  }
});

test("says what changed, briefly, and what waits for a restart until a reload takes it back", () => {
  const { reloads, said } = scene();
  const changed = Array.from({ length: 11 }, (_, n) => `inputs.${n}`);
  reloads.succeeded({ ...BETTER, changed, atRestart: ["buffer.memory", "buffer.path"] });
  assert.deepEqual(reloads.facts().atRestart, ["buffer.memory", "buffer.path"]);
  reloads.succeeded({ ...BETTER, changed: ["log.level"], atRestart: [] });
  assert.deepEqual(reloads.facts().atRestart, []);
  assert.deepEqual(said, [
    `reloaded: the new configuration is in force; changed: ${changed.slice(0, 8).join(", ")} and 3 more`,
    "restart_needed: buffer.memory, buffer.path stay as they are until spillway is restarted",
    "reloaded: the new configuration is in force; changed: log.level",
  ]);
});

test("the warnings of the new configuration are said, equal ones in one line", () => {
  const { reloads, said } = scene();
  const text = 'inputs: [{ id: a, paths: [/a] }]\noutput: { hosts: ["https://h"], tls: { verify: false } }\n';
  const { warnings } = loadText("a.yml", text, { env: {} });
  const [warning] = warnings as [Fault];
  reloads.succeeded({ ...BETTER, changed: [], atRestart: [], warnings });
  reloads.succeeded({ ...BETTER, changed: [], atRestart: [], warnings: [warning, warning, warning] });
  const line = `${warning.message} [tls-not-verified]; help: ${warning.help}`;
  assert.deepEqual(
    said.filter((one) => !one.startsWith("reloaded")),
    [`config_warning: a.yml:2:48: ${line}`, `config_warning: a.yml:2:48, and at 2 more: ${line}`],
  );
});

test("one that did not start is a failure too", () => {
  const { reloads, said } = scene();
  reloads.refused(new Error("the address is taken"));
  assert.equal(reloads.facts().reloads.failed, 1);
  assert.match(said[0] ?? "", /^reload_failed: .*the old one is in force: the address is taken$/);
});
