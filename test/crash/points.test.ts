// Kills the agent at chosen system calls on the state database: while it is created, inside a commit, before each sync. strace
// injects the signals, so that the product needs no hook for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

type Call = "pwrite64" | "fsync";
/**
 * Kill at the nth call of this kind. Writes 2 to 18 create state.db, 19 begins the WAL, those up to 53 create the tables, 54 to
 * 57 commit the time of the input's first start, 58 to 61 commit the first source. The 12th sync makes that source durable.
 * Later writes commit what was delivered.
 */
type Point = readonly [Call, number];

const FEW: readonly Point[] = [
  ["pwrite64", 4],
  ["pwrite64", 45],
  ["pwrite64", 59],
  ["fsync", 12],
];
const EVERY: readonly Point[] = [
  ...Array.from({ length: 80 }, (_, i) => ["pwrite64", i + 1] as const),
  ...Array.from({ length: 12 }, (_, i) => ["fsync", i + 1] as const),
];
const points = process.env["ROUNDS"] === undefined ? FEW : EVERY;

const present = spawnSync("strace", ["-V"]).status === 0;
const skip = !present && process.env["CI"] !== "true" && "strace is not installed; apt-get install strace";

describe("a kill at a chosen system call", { skip }, () => {
  let server: BulkServer;
  before(async () => {
    server = await startSandbox({ keep: "documents" }, systemClock);
  });
  after(() => server.stop());

  for (const [call, nth] of points) {
    const index = `${call}-${nth}`;
    test(`${call}, number ${nth}`, async (t) => {
      const place = new Workplace();
      t.after(() => place.remove());
      place.configure(server.url, { output: { index, batch: { age: "20ms" } } });
      const numbered = new Numbered();
      const log = join(place.logs, "app.log");
      numbered.append(log, 500);
      const agent = below(place, call, `signal=KILL:when=${nth}`);
      await keepWriting(place, agent, () => numbered.append(log, 20));
      assert.equal((await agent.exited).signal, "SIGKILL", agent.story());
      place.books();
      const again = place.run("--once");
      assert.equal((await again.exited).code, 0, again.story());
      numbered.assertStored(server, index);
      assert.equal(place.books().rows.records, 0);
    });
  }

  test("nothing is sent under an id that is not durable", async (t) => {
    const place = new Workplace();
    t.after(() => place.remove());
    const index = "first-id";
    place.configure(server.url, { output: { index, batch: { age: "20ms" } } });
    const numbered = new Numbered();
    numbered.append(join(place.logs, "app.log"), 500);
    // Every commit is delayed, including the one with the first source.
    const agent = below(place, "pwrite64", "delay_enter=3s:when=54+");
    await agent.until("all read", ({ ledger }) => ledger.read.records === 500);
    // Long enough for a batch and its delivery.
    await systemClock.sleep(500);
    killOwner(place);
    await agent.exited;
    assert.equal(server.documents(index).length, 0);
    assert.equal(place.books().sources.length, 0);
    const again = place.run("--once");
    assert.equal((await again.exited).code, 0, again.story());
    numbered.assertStored(server, index);
  });
});

function below(place: Workplace, call: Call, what: string): AgentProcess {
  const trace = join(place.root, "trace");
  return place.runBelow(["strace", "-f", "-qq", `--trace=${call}`, `--inject=${call}:${what}`, "-o", trace]);
}

/** Kills the agent, not strace: a killed strace would only detach from the agent. */
function killOwner(place: Workplace): void {
  process.kill(Number(readFileSync(join(place.state, "pid"), "utf8")), "SIGKILL");
}

/** Keeps writing until the agent dies, so that there is always something to commit. */
async function keepWriting(place: Workplace, agent: AgentProcess, write: () => void): Promise<void> {
  const dies = eventually("the kill", () => {
    if (agent.runs) write();
    return !agent.runs;
  });
  await dies.catch((error: unknown) => {
    killOwner(place);
    throw error;
  });
}
