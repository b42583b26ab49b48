// systemd itself reads the unit. It only warns about unknown settings, so any warning fails the test.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ROOT } from "../helpers/tree.ts";

const unit = readFileSync(join(ROOT, "systemd/spillway.service"), "utf8");
const present = spawnSync("systemd-analyze", ["--version"]).status === 0;
const skip = !present && process.env["CI"] !== "true" && "systemd-analyze is not installed; apt-get install systemd";

describe("spillway.service", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-unit-"));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "spillway.service");
  // The spillway program need not be installed on the machine that runs the test.
  writeFileSync(path, unit.replace("ExecStart=spillway", `ExecStart=${process.execPath}`));

  test("is understood in whole", () => {
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", path], { encoding: "utf8" });
    const about = stderr.split("\n").filter((line) => line.includes("spillway"));
    assert.deepEqual(about, []);
    assert.equal(status, 0, stderr);
  });

  test("exposes little", () => {
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", path], { encoding: "utf8" });
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    assert.ok(exposure <= 1.5, `systemd-analyze security says ${exposure}:\n${stdout}`);
  });
});
