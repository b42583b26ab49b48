// The packages, installed with dpkg, then with rpm: their contents, an upgrade with undelivered records in the buffer, a removal that
// keeps the buffer and says so, a purge that deletes it and says so.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { type Packages, makePackages, noPackages } from "../helpers/packages.ts";
import { Systemd, noSystemd } from "../helpers/systemd.ts";

/** Size limits of a package, in MiB. It was once a checkout with all its dependencies: 280 MiB. */
const MOST_INSTALLED = 125;
const MOST_PACKED = 45;
const LINES = 5000;

const withoutRpm =
  spawnSync("rpm", ["--version"]).status !== 0 &&
  process.env["CI"] !== "true" &&
  "rpm is not installed; apt-get install rpm";

describe("packages", { skip: noSystemd() || noPackages() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-packages-"));
  const numbered = new Numbered();
  let server: BulkServer;
  let systemd: Systemd;
  let old: Packages;
  let newer: Packages;

  before(async () => {
    mkdirSync(join(directory, "logs"));
    server = await startSandbox({ keep: "documents" }, systemClock);
    old = makePackages(join(directory, "old"), "0.1.0");
    newer = makePackages(join(directory, "newer"), "0.1.1");
    systemd = await Systemd.boot(`${directory}:/srv/test`);
  });
  after(async () => {
    await systemd?.stop();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const inside = (path: string): string => path.replace(directory, "/srv/test");
  const dpkg = (...words: readonly string[]): Promise<string> =>
    systemd.do("dpkg", "--force-unsafe-io", "--no-triggers", ...words);
  const status = async (): Promise<Status> =>
    JSON.parse(
      await systemd.do("curl", "-s", "--unix-socket", "/run/spillway/admin.sock", "http://localhost/status"),
    ) as Status;
  const config = (server: BulkServer): string =>
    JSON.stringify({
      inputs: [{ id: "app", paths: ["/srv/test/logs/*.log"] }],
      buffer: { memory: "8MiB", disk: "64MiB" },
      output: { hosts: [server.url], index: "logs", batch: { age: "50ms" } },
      admin: { listen: "unix:/run/spillway/admin.sock" },
      shutdown: { grace: "1s" },
    });
  const buffered = (records: number): Promise<unknown> =>
    eventually(`${records} records in the buffer`, async () => (await status()).ledger.buffered.records === records);

  test("are small, and the .rpm holds what the .deb holds", { skip: withoutRpm }, (t) => {
    const installed = Number(execFileSync("dpkg-deb", ["-f", old.deb, "Installed-Size"], { encoding: "utf8" })) / 1024;
    const packed = statSync(old.deb).size / 1024 / 1024;
    t.diagnostic(`packed ${packed.toFixed(1)} MiB, installed ${installed.toFixed(1)} MiB`);
    assert.ok(installed < MOST_INSTALLED && packed < MOST_PACKED, `${packed} and ${installed} MiB`);
    const ofDeb = execFileSync("dpkg-deb", ["-c", old.deb], { encoding: "utf8" })
      .split("\n")
      .map((line) => /^-.* \.(\/\S+)$/.exec(line)?.[1])
      .filter((path) => path !== undefined);
    const ofRpm = execFileSync("rpm", ["-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", old.rpm], {
      encoding: "utf8",
    })
      .split("\n")
      .map((line) => /^-\S+ (\/\S+)$/.exec(line)?.[1])
      .filter((path) => path !== undefined);
    const place = (path: string): string => path.replace("vendor-completions", "site-functions");
    assert.deepEqual(ofRpm.map(place).sort(), ofDeb.map(place).sort());
    assert.ok(ofDeb.includes("/usr/lib/systemd/system/spillway.service"));
  });

  test("are the same bytes when they are made again", () => {
    const again = makePackages(join(directory, "again"), "0.1.0");
    execFileSync("cmp", [old.deb, again.deb]);
  });

  test("an installation starts nothing, says what to do, and brings the command, its page and its completions", async () => {
    const said = await dpkg("-i", inside(old.deb));
    assert.match(said, /edit \/etc\/spillway\/spillway\.yml.*systemctl enable --now spillway/);
    assert.equal(await systemd.property("spillway", "ActiveState"), "inactive");
    assert.equal(await systemd.do("spillway", "--version"), "0.1.0\n");
    assert.equal((await systemd.run(["spillway", "check"])).code, 0, "the configuration that comes along has no fault");
    assert.match(await systemd.do("man", "-P", "cat", "spillway"), /spillway COMMAND/);
    assert.match(
      await systemd.do("bash", "-c", ". /usr/share/bash-completion/completions/spillway; complete -p spillway"),
      /_spillway/,
    );
  });

  test("an upgrade over a backlog restarts the service, keeps the configuration, and loses nothing", async () => {
    await server.change(parseFaults("down"));
    await systemd.write("/etc/spillway/spillway.yml", config(server));
    await systemd.do("systemctl", "enable", "--now", "spillway");
    numbered.append(join(directory, "logs/app.log"), LINES);
    await buffered(LINES);
    const pid = await systemd.property("spillway", "MainPID");
    assert.doesNotMatch(await dpkg("-i", inside(newer.deb)), /enable --now/, "it runs already");
    assert.equal(await systemd.do("dpkg-query", "-W", "-f", "${Version}", "spillway"), "0.1.1-1");
    assert.equal(await systemd.do("cat", "/etc/spillway/spillway.yml"), config(server));
    assert.equal(await systemd.property("spillway", "ActiveState"), "active");
    assert.notEqual(await systemd.property("spillway", "MainPID"), pid);
    await buffered(LINES);
    await server.change(NO_FAULTS);
    await buffered(0);
    numbered.assertStored(server);
  });

  test("a removal keeps the state and says how much of it is undelivered; the next installation delivers it", async () => {
    await server.change(parseFaults("down"));
    numbered.append(join(directory, "logs/app.log"), LINES);
    await buffered(LINES);
    const said = await dpkg("-r", "spillway");
    assert.match(said, /the state is kept: .*5,000 records/);
    assert.equal((await systemd.run(["which", "spillway"])).code, 1);
    assert.notEqual(await systemd.property("spillway", "ActiveState"), "active");
    assert.match(await dpkg("-i", inside(newer.deb)), /systemctl enable --now spillway/, "the removal disabled it");
    await server.change(NO_FAULTS);
    await systemd.do("systemctl", "start", "spillway");
    await buffered(0);
    numbered.assertStored(server);
  });

  test("a purge deletes the state, and the journal says what was in it", async () => {
    await server.change(parseFaults("down"));
    numbered.append(join(directory, "logs/app.log"), 100);
    await buffered(100);
    const said = await dpkg("-P", "spillway");
    const sentence = /purge deletes \/var\/lib\/private\/spillway \(\d+ bytes\): .*100 records/;
    assert.match(said, sentence);
    await eventually("a line in the journal", async () =>
      sentence.test(await systemd.do("journalctl", "-t", "spillway", "-o", "cat")),
    );
    for (const path of ["/var/lib/private/spillway", "/var/lib/spillway", "/etc/spillway", "/usr/lib/spillway"])
      assert.notEqual((await systemd.run(["ls", "-d", path])).code, 0, path);
  });

  describe("the .rpm, where the .deb is gone", { skip: withoutRpm }, () => {
    const numbered = new Numbered();
    let server: BulkServer;
    before(async () => {
      rmSync(join(directory, "logs/app.log"), { force: true });
      server = await startSandbox({ keep: "documents" }, systemClock);
    });
    after(() => server.stop());
    // The libraries that it needs are here, but the database of rpm does not know of Debian's packages.
    const rpm = (...words: readonly string[]): Promise<string> => systemd.do("rpm", "--nodeps", ...words);

    test("installs without starting anything, and says what to do", async () => {
      const said = await rpm("-i", inside(old.rpm));
      assert.match(said, /edit \/etc\/spillway\/spillway\.yml.*systemctl enable --now spillway/);
      assert.equal(await systemd.property("spillway", "ActiveState"), "inactive");
      assert.equal(await systemd.do("spillway", "--version"), "0.1.0\n");
      assert.equal((await systemd.run(["spillway", "check"])).code, 0);
      assert.equal(await systemd.do("rpm", "-V", "--nodeps", "spillway"), "", "every file is as the package says");
    });

    test("is upgraded over a backlog: the service restarts, keeps its configuration, and loses nothing", async () => {
      await server.change(parseFaults("down"));
      await systemd.write("/etc/spillway/spillway.yml", config(server));
      await systemd.do("systemctl", "enable", "--now", "spillway");
      numbered.append(join(directory, "logs/rpm.log"), LINES);
      await buffered(LINES);
      const pid = await systemd.property("spillway", "MainPID");
      assert.doesNotMatch(await rpm("-U", inside(newer.rpm)), /enable --now/, "it runs already");
      assert.equal(await systemd.do("rpm", "-q", "--qf", "%{VERSION}", "spillway"), "0.1.1");
      assert.equal(await systemd.do("cat", "/etc/spillway/spillway.yml"), config(server));
      assert.equal(
        await systemd.property("spillway", "ActiveState"),
        "active",
        "the removal of the old one stops nothing",
      );
      assert.equal(await systemd.property("spillway", "UnitFileState"), "enabled");
      assert.notEqual(await systemd.property("spillway", "MainPID"), pid);
      await buffered(LINES);
      await server.change(NO_FAULTS);
      await buffered(0);
      numbered.assertStored(server);
    });

    test("is removed: its state stays, it says how much is undelivered, and the next installation delivers it", async () => {
      await server.change(parseFaults("down"));
      numbered.append(join(directory, "logs/rpm.log"), LINES);
      await buffered(LINES);
      const said = await rpm("-e", "spillway");
      assert.match(said, /the state is kept: .*5,000 records/);
      assert.equal((await systemd.run(["which", "spillway"])).code, 1);
      assert.notEqual(await systemd.property("spillway", "ActiveState"), "active");
      assert.equal(
        await systemd.do("cat", "/etc/spillway/spillway.yml.rpmsave"),
        config(server),
        "what was edited stays",
      );
      assert.match(await rpm("-i", inside(newer.rpm)), /systemctl enable --now spillway/, "the removal disabled it");
      await server.change(NO_FAULTS);
      await systemd.do("mv", "/etc/spillway/spillway.yml.rpmsave", "/etc/spillway/spillway.yml");
      await systemd.do("systemctl", "start", "spillway");
      await buffered(0);
      numbered.assertStored(server);
      await rpm("-e", "spillway");
    });
  });
});
