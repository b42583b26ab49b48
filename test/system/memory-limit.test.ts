// In a real cgroup with a memory limit: the default of `buffer.memory` fits the limit, and a larger value causes a warning.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { ROOT } from "../helpers/tree.ts";

const MIB = 2 ** 20;
const BIN = join(ROOT, "bin/spillway.js");

interface Group {
  readonly folder: string;
  /** Name of the file with the group's memory limit. */
  readonly limit: string;
}

/** Makes a cgroup below this process's cgroup. @returns undefined if no cgroup with a memory limit can be made */
function makeGroup(): Group | undefined {
  const groups = readFileSync("/proc/self/cgroup", "utf8");
  const places = [
    { at: "/sys/fs/cgroup/memory", group: /^\d+:memory:(.*)$/m.exec(groups)?.[1], limit: "memory.limit_in_bytes" },
    { at: "/sys/fs/cgroup", group: /^0::(.*)$/m.exec(groups)?.[1], limit: "memory.max" },
  ];
  for (const { at, group, limit } of places) {
    if (group === undefined) continue;
    const folder = join(at, group, `spillway-test-${process.pid}`);
    try {
      mkdirSync(folder);
      // Throws without the memory controller: the file does not exist then.
      readFileSync(join(folder, limit));
      if (limit === "memory.max") writeFileSync(join(folder, "cgroup.subtree_control"), "+memory");
      mkdirSync(join(folder, "inner"));
      readFileSync(join(folder, "inner", limit));
      return { folder, limit };
    } catch {
      for (const made of [join(folder, "inner"), folder]) removed(made);
    }
  }
  return undefined;
}

/** Removes a cgroup, which must have no processes. @returns whether the cgroup is gone */
function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
  } catch {
    return !existsSync(folder);
  }
  return true;
}

const group = makeGroup();

describe("a memory limit", { skip: group ? false : "no cgroup with a memory limit can be made here" }, () => {
  const { folder = "", limit = "" } = group ?? {};
  const dir = mkdtempSync(join(tmpdir(), "spillway-limit-"));
  const config = join(dir, "spillway.yml");
  writeFileSync(config, `inputs: [{ id: a, paths: [${dir}/*.log] }]\nbuffer: { path: ${dir}/state }\n`);
  const within = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', join(folder, "inner/cgroup.procs")];
  after(async () => {
    rmSync(dir, { recursive: true });
    for (const made of [join(folder, "inner"), folder]) {
      await eventually(`${made} to be empty`, () => removed(made));
    }
  });

  function checked(...options: string[]): { memory: string; warnings: string[] } {
    const [command = "", ...args] = [...within, process.execPath, BIN, "check", "-c", config, "--json", ...options];
    const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    assert.notEqual(stdout, "", stderr);
    const facts = JSON.parse(stdout) as { config: { buffer: { memory: string } }; warnings: { code: string }[] };
    return { memory: facts.config.buffer.memory, warnings: facts.warnings.map(({ code }) => code) };
  }

  test("above the agent's own cgroup decides over the default", () => {
    writeFileSync(join(folder, limit), String(180 * MIB));
    assert.deepEqual(checked(), { memory: "50MiB", warnings: [] });
    assert.deepEqual(checked("--set", "buffer.memory=64MiB"), { memory: "64MiB", warnings: ["memory-over-limit"] });
  });

  test("of the agent's own cgroup counts where it is the smaller one", () => {
    writeFileSync(join(folder, limit), String(180 * MIB));
    writeFileSync(join(folder, "inner", limit), String(150 * MIB));
    assert.deepEqual(checked(), { memory: "20MiB", warnings: [] });
    writeFileSync(join(folder, "inner", limit), String(400 * MIB));
    assert.deepEqual(checked(), { memory: "50MiB", warnings: [] });
  });

  test("that a running agent cannot keep is said in its log, with what fits", async () => {
    writeFileSync(join(folder, limit), String(180 * MIB));
    const place = new Workplace();
    const server = await startSandbox({ keep: "documents" }, systemClock);
    try {
      place.configure(server.url, { buffer: { memory: "64MiB", disk: "128MiB" } });
      const agent = place.runBelow(within);
      const { level, msg } = await agent.hears("memory_over_limit");
      assert.equal(level, "warn");
      assert.match(msg, /64MiB .* 180 MiB.* Use `memory: 50MiB`, or a memory limit of at least 194 MiB/);
      await agent.url();
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    } finally {
      await server.stop();
      place.remove();
    }
  });
});
