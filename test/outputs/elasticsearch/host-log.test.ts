import assert from "node:assert/strict";
import { test } from "node:test";
import { HostLog } from "../../../src/outputs/elasticsearch/host-log.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { listening } from "../../pipeline/line.ts";

const HOSTS = ["https://es1:9200", "https://es2:9200"];

test("one host of several that fails twice is named with the reason, and again when it answers", () => {
  const { said, log } = listening();
  const hosts = new HostLog(HOSTS, new ManualClock(), log);
  hosts.failed(1, "connect ECONNREFUSED");
  assert.deepEqual(said, [], "once may be a connection that was closed");
  hosts.failed(1, "connect ECONNREFUSED");
  hosts.failed(1, "connect ECONNREFUSED");
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^warn host_down: es2:9200 gets no requests: connect ECONNREFUSED\. /);
  assert.deepEqual(
    hosts.hosts.map(({ host, trouble }) => [host, trouble?.why]),
    [
      ["es1:9200", undefined],
      ["es2:9200", "connect ECONNREFUSED"],
    ],
  );
  hosts.answered(1);
  hosts.answered(0);
  assert.deepEqual(said.slice(1), ["info host_up: es2:9200 answers again"]);
  assert.equal(hosts.hosts[1]?.trouble, undefined);
});

test("a host that comes and goes is said once a minute, one that stays away every ten minutes", () => {
  const clock = new ManualClock();
  const { said, log } = listening();
  const hosts = new HostLog(HOSTS, clock, log);
  for (let i = 0; i < 59; i++) {
    for (let j = 0; j < 2; j++) hosts.failed(0, "no");
    hosts.answered(0);
    clock.advance(1000);
  }
  assert.equal(said.length, 2);
  clock.advance(1000);
  for (let i = 0; i < 1200; i++) {
    hosts.failed(0, "no");
    clock.advance(1000);
  }
  assert.equal(said.length, 4);
});

test("a single host is no matter of this log, but of the status", () => {
  const { said, log } = listening();
  const hosts = new HostLog(["http://es"], new ManualClock(), log);
  for (let i = 0; i < 9; i++) hosts.failed(0, "no");
  assert.deepEqual([said, hosts.hosts[0]?.host, hosts.hosts[0]?.trouble?.why], [[], "es", "no"]);
});
