// The npm package, installed globally as a user would: under this Node, and beside a Node 20 that only launches the Node shipped
// with the package. Also checks its man page and its size.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { ROOT } from "../helpers/tree.ts";

/** Includes the Node that the package ships: 211 MiB. */
const MOST_MIB = 230;
const MOST_UNPACKED_MIB = 16;

/** Path of a Node 20 on this machine, if there is one. */
function oldNode(): string | undefined {
  const all = spawnSync("which", ["-a", "node"], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
  return all.find((node) => spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.startsWith("v20."));
}

describe("the npm package", () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-install-"));
  const prefix = join(directory, "prefix");
  const bin = join(prefix, "bin/spillway");
  let tarball = "";
  after(() => rmSync(directory, { recursive: true }));

  before(() => {
    execFileSync(process.execPath, ["scripts/build.ts"], { cwd: ROOT });
    const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory];
    tarball = join(directory, execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim());
    const install = ["install", "--global", "--prefix", prefix, "--prefer-offline", "--no-audit", tarball];
    execFileSync("npm", install, { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
  });

  const mebibytes = (path: string): number =>
    Number(execFileSync("du", ["-sm", path], { encoding: "utf8" }).split("\t")[0]);
  /** An environment whose PATH has only this Node and `env`. */
  function pathWith(node: string, name: string): NodeJS.ProcessEnv {
    const folder = join(directory, name);
    if (!existsSync(folder)) {
      execFileSync("mkdir", [folder]);
      symlinkSync(node, join(folder, "node"));
      symlinkSync(execFileSync("which", ["env"], { encoding: "utf8" }).trim(), join(folder, "env"));
    }
    return { PATH: folder };
  }

  test("is no larger than its Node and itself, and brings its man page", (t) => {
    const size = mebibytes(join(prefix, "lib"));
    t.diagnostic(`${size} MiB`);
    assert.ok(size < MOST_MIB, `${size} MiB`);
    assert.ok(existsSync(join(prefix, "share/man/man1/spillway.1")));
    assert.deepEqual(
      readdirSync(join(prefix, "lib/node_modules/spillway/node_modules")).filter((name) => !name.startsWith(".")),
      [`node-${process.platform}-${process.arch}`],
    );
  });

  test("unpacked alone it runs where Node 24 or newer is there", (t) => {
    const alone = join(directory, "alone");
    execFileSync("mkdir", [alone]);
    execFileSync("tar", ["-xzf", tarball, "-C", alone, "--strip-components", "1"]);
    const size = mebibytes(alone);
    t.diagnostic(`${size} MiB`);
    assert.ok(size < MOST_UNPACKED_MIB, `${size} MiB`);
    const run = [join(alone, "bin/spillway.js"), "--version"];
    assert.equal(execFileSync(process.execPath, run, { encoding: "utf8" }), "0.1.0\n");
    const old = oldNode();
    if (old === undefined) return;
    const { status, stderr } = spawnSync(old, run, { encoding: "utf8" });
    assert.equal(status, 78);
    assert.match(stderr, /needs Node 24 or newer, this is v20\..*\[old-node\]/);
  });

  for (const [name, node] of [
    ["this Node", process.execPath],
    ["a Node 20", oldNode()],
  ] as const) {
    test(
      `checks, ships and stops under ${name}`,
      { skip: node === undefined && "there is no Node 20 on this machine" },
      async (t) => {
        const env = pathWith(node as string, `path-${name.replaceAll(" ", "-")}`);
        assert.equal(execFileSync(bin, ["--version"], { env, encoding: "utf8" }), "0.1.0\n");
        const server = await startSandbox({ keep: "documents" }, systemClock);
        t.after(() => server.stop());
        const home = mkdtempSync(join(directory, "home-"));
        writeFileSync(join(home, "a.log"), "one\ntwo\n");
        const config = join(home, "spillway.yml");
        const sections = {
          inputs: [{ id: "app", paths: [`${home}/*.log`] }],
          buffer: { path: join(home, "state"), memory: "8MiB", disk: "32MiB" },
          output: { hosts: [server.url], index: "logs", batch: { age: "50ms" } },
          admin: { listen: "off" },
        };
        writeFileSync(config, JSON.stringify(sections));
        execFileSync(bin, ["check", "-c", config], { env, stdio: "ignore" });
        const agent = spawn(bin, ["run", "-c", config], { env, stdio: ["ignore", "ignore", "pipe"] });
        t.after(() => agent.kill("SIGKILL"));
        const lines = createInterface({ input: agent.stderr });
        for await (const line of lines) if (line.includes('"ready"')) break;
        while (server.documents().length < 2) await systemClock.sleep(20);
        agent.kill("SIGTERM");
        assert.deepEqual(await once(agent, "exit"), [0, null]);
      },
    );
  }
});
