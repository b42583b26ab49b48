// Checks that nothing blocks the event loop of an agent with a large configuration and a large backlog. Measures CPU time of the
// main thread, so that a busy machine does not matter.
import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { type BacklogInput, writeBacklog } from "../helpers/backlog.ts";

const PATIENCE_MS = 200_000;
const MOST_MS = 100;

test("200 inputs, 10 ladders, 500,000 rows: no turn of the event loop takes 100 ms", async (t) => {
  const place = new Workplace();
  const server = await startSandbox({ keep: "counts" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const inputs = Array.from({ length: 200 }, (_, i) => inputOf(place, i));
  for (const { directory } of inputs) mkdirSync(directory);
  writeBacklog(place.state, { inputs, rows: 500_000, bytes: 300 });
  const rungs = [
    { action: "sample", enter: "50%", leave: "40%", keep: "50%" },
    { action: "drop-oldest", enter: "80%", leave: "70%" },
  ];
  place.configure(server.url, {
    inputs: inputs.map(({ input, policy, target, directory }) => ({
      ...{ id: input, policy, index: target, paths: [join(directory, "*.log")] },
    })),
    policies: Object.fromEntries(inputs.slice(0, 10).map(({ policy }) => [policy, rungs])),
    buffer: { memory: "32MiB", disk: "1GiB" },
  });
  await server.change(parseFaults("down"));
  const turns = join(place.root, "turns");
  const probe = ["--import", new URL("../helpers/turns.ts", import.meta.url).href];
  const agent = place.runAs(probe, undefined, { SPILLWAY_TURNS: turns });
  const longest: Record<string, number> = {};
  const during = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await longestTurn(agent, turns);
    await work();
    longest[what] = await longestTurn(agent, turns);
  };
  const write = (round: number): void =>
    inputs.forEach(({ directory }) => appendFileSync(join(directory, "a.log"), `line ${round}\n`.repeat(5)));
  await agent.hears("ready");
  await during("outage", async () => {
    const { ledger } = await agent.until("a status", () => true);
    for (let round = 0; round < 20; round++) {
      write(round);
      const read = ledger.read.records + 1000 * (round + 1);
      await agent.until("all lines read", (now) => now.ledger.read.records >= read);
    }
  });
  await during("refusal", async () => {
    await server.change(parseFaults("mapping=Mozilla"));
    await agent.until("dead letters", ({ ledger }) => ledger.dead_lettered.records > 20_000, PATIENCE_MS);
  });
  await during("drain", async () => {
    await server.change(parseFaults(""));
    await agent.until("all delivered", ({ ledger }) => ledger.buffered.records === 0, PATIENCE_MS);
  });
  t.diagnostic(JSON.stringify(longest));
  assert.equal((await agent.stop()).code, 0, agent.story());
  assert.deepEqual(
    Object.entries(longest).filter(([, ms]) => ms >= MOST_MS),
    [],
  );
});

function inputOf(place: Workplace, i: number): BacklogInput & { readonly directory: string } {
  const directory = join(place.logs, String(i));
  const paths = Array.from({ length: 10 }, (_, j) => join(place.root, `gone/${i}-${j}.log`));
  return { input: `in-${i}`, policy: `ladder-${i % 10}`, target: `index-${i}`, paths, directory };
}

/** CPU time of the longest turn of the event loop since the last call, in milliseconds. */
function longestTurn(agent: AgentProcess, file: string): Promise<number> {
  rmSync(file, { force: true });
  agent.signal("SIGUSR2");
  return eventually("the turns", () => {
    if (!existsSync(file)) return undefined;
    const [longest] = JSON.parse(readFileSync(file, "utf8")) as { readonly ms: number }[];
    return longest?.ms ?? 0;
  });
}
