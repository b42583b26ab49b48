// Kills at chosen system calls on the state database: in its making, inside a commit, before each sync. strace puts them
// there, so that the product needs no hook for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

interface Point {
  readonly file: "state.db" | "state.db-wal";
  readonly call: "pwrite64" | "fsync";
  /** The how manieth of these calls is the last. */
  readonly nth: number;
}
/** The tables take 12 pages, each written after its header; then come the machine, the first source, and from 29 on what
 * was delivered. */
const FEW: readonly Point[] = [
  { file: "state.db", call: "pwrite64", nth: 2 },
  { file: "state.db-wal", call: "pwrite64", nth: 24 },
  { file: "state.db-wal", call: "pwrite64", nth: 35 },
  { file: "state.db-wal", call: "pwrite64", nth: 41 },
  { file: "state.db-wal", call: "fsync", nth: 1 },
];
const EVERY: readonly Point[] = [
  ...[1, 2].map((nth) => ({ file: "state.db", call: "pwrite64", nth }) as const),
  ...Array.from({ length: 48 }, (_, i) => ({ file: "state.db-wal", call: "pwrite64", nth: i + 1 }) as const),
  ...[1, 2].map((nth) => ({ file: "state.db-wal", call: "fsync", nth }) as const),
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

  for (const { file, call, nth } of points) {
    const index = `${file}-${call}-${nth}`;
    test(index, async (t) => {
      const place = new Workplace();
      t.after(() => place.remove());
      place.configure(server.url, { output: { index, batch: { age: "20ms" } } });
      const numbered = new Numbered();
      const log = join(place.logs, "app.log");
      numbered.append(log, 500);
      const what = ["-f", "-qq", "-P", join(place.state, file), `--inject=${call}:signal=KILL:when=${nth}`];
      const agent = place.runBelow(["strace", ...what, `--trace=${call}`, "-o", join(place.root, "trace")]);
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
    // The disk takes its time about the commit that brings the first source.
    const what = ["-f", "-qq", "-P", join(place.state, "state.db-wal"), "--inject=pwrite64:delay_enter=3s:when=27"];
    const trace = join(place.root, "trace");
    writeFileSync(trace, "");
    const agent = place.runBelow(["strace", ...what, "--trace=pwrite64", "-o", trace]);
    await eventually("the writes before it", () => readFileSync(trace, "utf8").split("pwrite64").length > 26);
    await systemClock.sleep(1000);
    killOwner(place);
    await agent.exited;
    assert.equal(server.documents(index).length, 0);
    assert.equal(place.books().sources.length, 0);
    const again = place.run("--once");
    assert.equal((await again.exited).code, 0, again.story());
    numbered.assertStored(server, index);
  });
});

/** Not strace itself: killed, it would only let go of the agent. */
function killOwner(place: Workplace): void {
  process.kill(Number(readFileSync(join(place.state, "pid"), "utf8")), "SIGKILL");
}

/** Until the agent dies: something to commit again and again. */
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
