// The service as systemd runs it, from its package: it starts, reads files only root may read, reports its status, is reloaded,
// killed, hung on purpose, cut off from its disk, misconfigured and stopped. In every case, every line must arrive once.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually } from "../helpers/agent-process.ts";
import { Guard } from "../helpers/guard.ts";
import { Numbered } from "../helpers/numbered.ts";
import { makePackages, noPackages } from "../helpers/packages.ts";
import { Systemd, noSystemd } from "../helpers/systemd.ts";

const UNIT = "spillway.service";
const CONFIG = "/etc/spillway/spillway.yml";
const DISK_MIB = 64;
const WRONG = "inputs: [{ id: app, pathz: [] }]\n";
/** On SIGUSR2, the main thread enters an endless loop. */
const HANG = 'process.on("SIGUSR2", () => { for (;;); });';
const SLOW_FILES = 600;
const OPEN_MS = 30;
/** While there is a file /srv/test/slow, opening a log whose name begins with "slow-" takes OPEN_MS. */
const SLOW = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  const isSlow = String(path).includes("/slow-") && fs.statSync("/srv/test/slow", { throwIfNoEntry: false });
  if (isSlow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${OPEN_MS});
  return openSync(path, ...rest);
};
syncBuiltinESMExports();
`;

describe("the service", { skip: noSystemd() || noPackages() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-life-"));
  const logs = join(directory, "logs");
  const numbered = new Numbered();
  let server: BulkServer;
  let systemd: Systemd;

  before(async () => {
    mkdirSync(logs);
    server = await startSandbox({ keep: "documents" }, systemClock);
    const { deb } = makePackages(join(directory, "packages"), "0.1.0");
    systemd = await Systemd.boot(`${directory}:/srv/test`);
    await systemd.do("dpkg", "--force-unsafe-io", "--no-triggers", "-i", deb.replace(directory, "/srv/test"));
    // The state is on a small disk of its own, so that a test can fill the disk.
    await systemd.do("mkdir", "-p", "/var/lib/private/spillway");
    await systemd.do("mount", "-t", "tmpfs", "-o", `size=${DISK_MIB}m,mode=700`, "tmpfs", "/var/lib/private/spillway");
    await systemd.write("/usr/lib/hang.mjs", HANG + SLOW);
    await systemd.write(
      "/etc/systemd/system/spillway.service.d/test.conf",
      "[Service]\nEnvironment=NODE_OPTIONS=--import=/usr/lib/hang.mjs\nWatchdogSec=3s\n",
    );
    await configure();
    await systemd.do("systemctl", "daemon-reload");
  });
  after(async () => {
    await systemd?.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function configure(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const config = {
      inputs: [{ id: "app", paths: ["/srv/test/logs/*.log"] }],
      buffer: { memory: "8MiB", disk: "32MiB" },
      output: { hosts: [server.url], index: "logs", batch: { age: "50ms" } },
      admin: { listen: "unix:/run/spillway/admin.sock" },
      ...more,
    };
    return systemd.write(CONFIG, JSON.stringify(config));
  }

  function write(lines: number, file = "app.log"): void {
    numbered.append(join(logs, file), lines);
  }

  async function arrive(what: string): Promise<void> {
    await eventually(what, () => server.documents().length >= numbered.written, 30_000).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}: ${server.documents().length} of ${numbered.written}\n${await story()}`);
      },
    );
  }

  async function status(): Promise<Status> {
    const ask = ["curl", "-s", "--unix-socket", "/run/spillway/admin.sock", "http://localhost/status"];
    return JSON.parse(await systemd.do(...ask)) as Status;
  }

  const property = (name: string): Promise<string> => systemd.property(UNIT, name);

  /** The agent's log lines with this event. */
  async function said(event: string): Promise<{ readonly priority: string; readonly msg: string }[]> {
    return (await systemd.journal(UNIT))
      .filter(({ MESSAGE }) => MESSAGE.startsWith("{"))
      .map(({ MESSAGE, PRIORITY }) => ({
        priority: PRIORITY,
        ...(JSON.parse(MESSAGE) as { event: string; msg: string }),
      }))
      .filter((line) => line.event === event);
  }

  /** The last lines of the journal. */
  async function story(): Promise<string> {
    const lines = await systemd.journal(UNIT);
    return lines
      .map(({ MESSAGE }) => MESSAGE)
      .slice(-15)
      .join("\n");
  }

  async function restarted(pid: string): Promise<void> {
    const probe = async (): Promise<boolean> => {
      const now = await property("MainPID");
      return now !== pid && now !== "0" && (await property("ActiveState")) === "active";
    };
    await eventually("another process that is ready", probe, 30_000);
  }

  test("is exposed by 1.5 or less, and systemd understands all of its unit", async () => {
    const { out } = await systemd.run(["systemd-analyze", "security", UNIT, "--no-pager"]);
    const exposure = Number(/exposure level for \S+ ([\d.]+)/.exec(out)?.[1]);
    assert.ok(exposure <= 1.5, out);
    const { err } = await systemd.run(["systemd-analyze", "verify", UNIT]);
    assert.deepEqual(
      err.split("\n").filter((line) => line.includes("spillway")),
      [],
    );
  });

  test("starts, is ready when systemctl comes back, and ships what only root may read", async (t) => {
    write(1000);
    chmodSync(join(logs, "app.log"), 0o600);
    const from = systemClock.now();
    await systemd.do("systemctl", "start", UNIT);
    t.diagnostic(`ready after ${Math.round(systemClock.now() - from)} ms`);
    assert.match(await property("StatusText"), /^running: 1 input/);
    await arrive("lines of a log that only root may read");
    const own = await systemd.do("cat", `/proc/${await property("MainPID")}/status`);
    assert.doesNotMatch(own, /^Uid:\t0\t/m);
    assert.match(own, /^NoNewPrivs:\t1$/m);
    assert.match(own, /^CapEff:\t0000000000000004$/m);
    t.diagnostic(`resident memory ${/VmRSS:\s+(\d+) kB/.exec(own)?.[1]} kB`);
  });

  test("writes lines that journald knows the priority of", async () => {
    await systemd.do("systemctl", "kill", "-s", "USR1", UNIT);
    await eventually("a summary in the journal", async () => (await said("status")).length > 0);
    assert.deepEqual([...new Set((await said("ready")).map(({ priority }) => priority))], ["6"]);
  });

  test("is reloaded: a new input is read, a wrong configuration changes nothing", async () => {
    const pid = await property("MainPID");
    const more = { id: "more", paths: ["/srv/test/logs/*.txt"] };
    await configure({ inputs: [{ id: "app", paths: ["/srv/test/logs/*.log"] }, more] });
    await systemd.do("systemctl", "reload", UNIT);
    await eventually("the word that it was reloaded", async () => (await said("reloaded")).length === 1);
    await eventually("two inputs", async () => (await property("StatusText")).startsWith("running: 2 inputs"));
    write(500, "more.txt");
    await arrive("lines of the new input");
    await systemd.write(CONFIG, WRONG);
    await systemd.do("systemctl", "reload", UNIT);
    await eventually("the word that it was refused", async () => (await said("reload_refused")).length === 1);
    assert.equal((await said("reload_refused"))[0]?.priority, "3");
    await configure();
    write(500);
    await arrive("lines by the old configuration");
    assert.equal(await property("MainPID"), pid);
  });

  test("gets a secret by LoadCredential that nobody but root may read, and sends it", async (t) => {
    const guard = await Guard.start(server.url, "hunter2-hunter2");
    t.after(() => guard.stop());
    await systemd.write("/etc/spillway/es.key", "hunter2-hunter2\n");
    await systemd.do("chmod", "600", "/etc/spillway/es.key");
    const dropIn = "/run/systemd/system/spillway.service.d/secret.conf";
    await systemd.write(dropIn, "[Service]\nLoadCredential=es:/etc/spillway/es.key\n");
    await systemd.do("systemctl", "daemon-reload");
    await configure({ output: { hosts: [guard.url], index: "logs", auth: { api_key: "${credential:es}" } } });
    await systemd.do("systemctl", "restart", UNIT);
    write(500);
    await arrive("lines behind a server that wants the secret");
    assert.doesNotMatch(await systemd.do("journalctl", "-u", UNIT, "-o", "export", "--no-pager"), /hunter2/);
    for (const command of ["check", "inspect", "dead-letters list", "losses list", "health"])
      await systemd.do("spillway", ...command.split(" "));
    // As docs/start.md says.
    const credential = "--property=LoadCredential=es:/etc/spillway/es.key";
    await systemd.do("systemd-run", "--pipe", "--wait", "--collect", credential, "spillway", "check", "--connect");
    await systemd.do("rm", dropIn);
    await systemd.do("systemctl", "daemon-reload");
    await configure();
    await systemd.do("systemctl", "restart", UNIT);
  });

  test("is started again after a kill -9, and loses nothing", async () => {
    const pid = await property("MainPID");
    await server.change(parseFaults("down"));
    write(2000);
    await eventually("all of it read", async () => (await status()).ledger.buffered.records >= 2000);
    await systemd.do("systemctl", "kill", "-s", "KILL", UNIT);
    await restarted(pid);
    await server.change(NO_FAULTS);
    await arrive("what was there before the kill");
  });

  test("is started again when its loop hangs", async () => {
    const pid = await property("MainPID");
    await systemd.do("systemctl", "kill", "-s", "USR2", "--kill-whom=main", UNIT);
    write(1000);
    await restarted(pid);
    const lines = await systemd.journal(UNIT);
    assert.ok(lines.some(({ MESSAGE }) => MESSAGE.includes("Watchdog timeout")));
    await arrive("what was written while it hung");
  });

  test("goes on without its disk, and uses it again when there is room", async () => {
    const pid = await property("MainPID");
    const filler = "/var/lib/private/spillway/filler";
    await systemd.run(["sh", "-c", `head -c ${2 * DISK_MIB}m /dev/zero > ${filler}`]);
    await server.change(parseFaults("down"));
    write(20_000);
    const mode = async (): Promise<string> => (await status()).buffer.mode;
    await eventually("a buffer that knows", async () => (await said("disk_short")).length > 0, 30_000);
    assert.equal(await mode(), "memory");
    await systemd.do("rm", filler);
    await eventually("a buffer that spills", async () => (await mode()) === "spill", 30_000);
    await server.change(NO_FAULTS);
    await arrive("what was written meanwhile");
    await eventually("an empty buffer", async () => (await status()).ledger.buffered.records === 0, 30_000);
    assert.equal(await property("MainPID"), pid);
  });

  test("is not started again where that does not help", async () => {
    await systemd.do("systemctl", "stop", UNIT);
    await systemd.write(CONFIG, WRONG);
    await systemd.run(["systemctl", "start", UNIT]);
    await eventually("a unit that has failed", async () => (await property("ActiveState")) === "failed");
    assert.equal(await property("ExecMainStatus"), "78");
    assert.equal(await property("NRestarts"), "0");
    assert.match(await story(), /spillway\.yml:1:\d+: error/);
  });

  test("is started again for as long as it takes where that may help", async () => {
    await configure({ admin: { listen: new URL(server.url).host } });
    const started = systemd.run(["systemctl", "start", UNIT]);
    await eventually("two more tries", async () => Number(await property("NRestarts")) >= 2, 30_000);
    assert.match(await story(), /admin-port-in-use/);
    assert.match(await story(), /status=75/);
    await configure();
    await eventually("a unit that runs", async () => (await property("ActiveState")) === "active", 30_000);
    await started;
  });

  test("is not killed during a start that takes longer than TimeoutStartSec", async (t) => {
    await systemd.do("systemctl", "stop", UNIT);
    const dropIn = "/run/systemd/system/spillway.service.d/slow.conf";
    await systemd.write(dropIn, "[Service]\nTimeoutStartSec=12s\n");
    await systemd.do("systemctl", "daemon-reload");
    for (let i = 0; i < SLOW_FILES; i++) write(1, `slow-${i}.log`);
    writeFileSync(join(directory, "slow"), "");
    const from = systemClock.now();
    await systemd.do("systemctl", "start", UNIT);
    const tookMs = Math.round(systemClock.now() - from);
    t.diagnostic(`ready after ${tookMs} ms`);
    assert.ok(tookMs >= SLOW_FILES * OPEN_MS, `${tookMs} ms`);
    assert.equal(await property("NRestarts"), "0");
    await systemd.do("rm", dropIn, "/srv/test/slow");
    await systemd.do("systemctl", "daemon-reload");
    await arrive("the lines of all files");
  });

  test("stops, with everything delivered once", async (t) => {
    write(1000);
    await arrive("the last lines");
    const from = systemClock.now();
    await systemd.do("systemctl", "stop", UNIT);
    t.diagnostic(`stopped after ${Math.round(systemClock.now() - from)} ms`);
    assert.equal(await property("Result"), "success");
    assert.match((await said("stopped")).at(-1)?.msg ?? "", /buffered 0; balance 0 records, 0 bytes/);
    numbered.assertStored(server);
  });
});
