// Kills at chosen system calls on the state database: in its making, inside a commit, before each sync. strace puts them
// there, so that the product needs no hook for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
/** A first commit writes twelve pages, each with its header before it; later ones a few. */
const FEW: readonly Point[] = [
  { file: "state.db", call: "pwrite64", nth: 1 },
  { file: "state.db-wal", call: "pwrite64", nth: 2 },
  { file: "state.db-wal", call: "pwrite64", nth: 25 },
  { file: "state.db-wal", call: "pwrite64", nth: 28 },
  { file: "state.db-wal", call: "fsync", nth: 1 },
  { file: "state.db-wal", call: "fsync", nth: 2 },
];
const EVERY: readonly Point[] = [
  ...[1, 2, 3].map((nth) => ({ file: "state.db", call: "pwrite64", nth }) as const),
  ...Array.from({ length: 48 }, (_, i) => ({ file: "state.db-wal", call: "pwrite64", nth: i + 1 }) as const),
  ...[1, 2, 3].map((nth) => ({ file: "state.db-wal", call: "fsync", nth }) as const),
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
    test(`${call} ${nth} of ${file}`, async (t) => {
      const place = new Workplace();
      t.after(() => place.remove());
      const index = `${file}-${call}-${nth}`;
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
});

/** Until the agent dies: something to commit again and again. */
async function keepWriting(place: Workplace, agent: AgentProcess, write: () => void): Promise<void> {
  const dies = eventually("the kill", async () => {
    if (agent.runs) write();
    return !agent.runs;
  });
  await dies.catch((error: unknown) => {
    // strace would let go of it, alive.
    process.kill(Number(readFileSync(join(place.state, "pid"), "utf8")), "SIGKILL");
    throw error;
  });
}
