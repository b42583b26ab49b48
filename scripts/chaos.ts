// `npm run chaos -- --minutes 10 --seed 1`: runs the real agent against a sandbox with random faults, some of them combined,
// while files are written and rotated, and the agent is killed, stopped and reloaded. At the end all faults are cleared.
// Then these invariants are checked. Within two minutes everything is delivered without intervention. Every line is stored
// exactly once, or is a dead letter because the server rejected its content. The agent's ledger has the same numbers.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock as clock } from "../src/core/clock.ts";
import { DEAD, DELIVERED, DUPLICATE } from "../src/core/fate.ts";
import { startSandbox } from "../src/sandbox/bulk-server.ts";
import { parseFaults } from "../src/sandbox/faults.ts";
import { Random } from "../test/crash/random.ts";
import { type AgentProcess, Workplace } from "../test/helpers/agent-process.ts";
import { Numbered } from "../test/helpers/numbered.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(clock.wall() % 1_000_000) },
    rate: { type: "string", default: "500" },
  },
});
const RECOVERY_MS = 120_000;
/** The server always rejects lines whose number ends in 7. Otherwise a line already stored could be rejected in a retry. */
const MISFIT = "mapping=7 x";
const REFUSED_DIGIT = 7;
/** All faults of the sandbox, some combinations, and a period without faults. */
const FAULTS = [
  ...["none", "slow=300ms", "rate=50kB/s", "429=50%", "429", "503=50%", "503", "reset=50%", "lost=50%", "hang=20%"],
  ...["html", "401", "429-items=50%", "429-items", "413=20kB", "down"],
  ...["slow=100ms,lost=30%,503=30%", "429-items=30%,rate=100kB/s", "reset=30%,413=50kB,429=30%"],
] as const;

const random = new Random(Number(values.seed));
const place = new Workplace();
const server = await startSandbox({ keep: "documents", faults: parseFaults(MISFIT) }, clock);
const numbered = new Numbered();
let rotations = 0;
const counts = new Map<string, number>();
process.stdout.write(`${values.minutes} minutes, seed ${values.seed}\n`);
place.configure(server.url, {
  // Short timeouts end hanging requests soon. No rung sheds, so any line missing at the end is a bug.
  output: { timeout: "2s", connect_timeout: "1s", batch: { records: 300, age: "100ms" } },
  policies: { default: [{ action: "block", enter: "80%", leave: "60%" }] },
  shutdown: { grace: "300ms" },
});
try {
  const agent = await play(await started(), clock.now() + Number(values.minutes) * 60_000);
  const seconds = await recover(agent);
  await agent.stop();
  process.stdout.write(`${account()}; flowing again ${seconds} s after the last fault\n`);
  process.stdout.write(`${[...counts].map(([what, times]) => `${what} ${times}x`).join(", ")}\n`);
} finally {
  await server.stop();
  place.remove();
}

async function started(): Promise<AgentProcess> {
  const agent = place.run();
  await agent.url();
  return agent;
}

async function play(first: AgentProcess, until: number): Promise<AgentProcess> {
  let agent = first;
  while (clock.now() < until) {
    const faults = random.pick(FAULTS);
    count(faults);
    await server.change(parseFaults(faults === "none" ? MISFIT : `${faults},${MISFIT}`));
    const lasts = 300 + random.below(2500);
    for (const end = clock.now() + lasts; clock.now() < end; await clock.sleep(50)) write();
    if (random.chance(0.2)) rotate();
    if (random.chance(0.25)) agent = await disturb(agent);
    if (!agent.runs) throw new Error(`the agent has ended: ${agent.story()}`);
  }
  return agent;
}

function write(): void {
  const lines = (Number(values.rate) / 20) * 2 * random.next();
  const log = random.pick(["a", "b", "c"]);
  numbered.append(join(place.logs, `${log}.log`), Math.round(lines));
}

function rotate(): void {
  count("rotated");
  const path = join(place.logs, `${random.pick(["a", "b", "c"])}.log`);
  numbered.append(path, 1);
  renameSync(path, `${path}.${++rotations}`);
}

async function disturb(agent: AgentProcess): Promise<AgentProcess> {
  const how = random.pick(["killed", "stopped", "reloaded"]);
  count(how);
  if (how === "reloaded") {
    agent.signal("SIGHUP");
    return agent;
  }
  await (how === "killed" ? agent.kill() : agent.stop());
  return started();
}

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** @returns the seconds until every written line has its fate */
async function recover(agent: AgentProcess): Promise<number> {
  await server.change(parseFaults(MISFIT));
  const from = clock.now();
  await agent.until(
    "everything has its fate",
    ({ ledger, inputs }) =>
      ledger.buffered.records === 0 && inputs["app"]?.lag_bytes === 0 && isAllRead(ledger.read.bytes),
    RECOVERY_MS,
  );
  return Math.round((clock.now() - from) / 100) / 10;
}

function isAllRead(bytes: number): boolean {
  return bytes === numbered.bytes;
}

/** Throws if a line is missing or duplicated, or the agent's counts differ. */
function account(): string {
  const stored = new Uint8Array(numbered.written);
  for (const { source } of server.documents()) {
    const n = Number(/^line (\d+) x*$/.exec(source["message"] as string)?.[1]);
    stored[n] = (stored[n] as number) + 1;
  }
  const missing = [...stored.keys()].filter((n) => stored[n] === 0);
  const doubled = [...stored.keys()].filter((n) => (stored[n] as number) > 1);
  const books = place.books();
  const fates = books.inputs[0]?.account.fates ?? [];
  const records = (fate: number): number => fates[fate]?.records ?? 0;
  const found = {
    doubled: doubled.length,
    missing: missing.length,
    missing_though_not_refused: missing.filter((n) => n % 10 !== REFUSED_DIGIT).length,
    dead_letters: books.deadLetters.documents,
    dead_lettered: records(DEAD),
    delivered: records(DELIVERED) + records(DUPLICATE),
  };
  const refused = stored
    .keys()
    .filter((n) => n % 10 === REFUSED_DIGIT)
    .toArray().length;
  const wanted: typeof found = {
    doubled: 0,
    missing: refused,
    missing_though_not_refused: 0,
    dead_letters: refused,
    dead_lettered: refused,
    delivered: numbered.written - refused,
  };
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(
      `seed ${values.seed}: the account is ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`,
    );
  }
  return `${numbered.written} lines: ${found.delivered} stored once, ${missing.length} dead letters, none missing`;
}
