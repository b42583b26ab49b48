// `npm run soak -- --minutes 60 --rate 5000`: runs the real agent on three logs of numbered lines. Two logs are rotated by
// renaming, 230 times an hour and 20 times a second, while writers continue in the old file for a while. The third is rotated
// every two seconds by renaming, by copytruncate and by compression in turn. The script prints figures once a minute and the
// verdict at the end. Invariants: every line is delivered once; nothing is left unread, although files are deleted as soon as
// they are durably read; memory and descriptors do not grow.
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { systemClock as clock } from "../src/core/clock.ts";
import type { Status } from "../src/ops/status.ts";
import { startSandbox } from "../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace } from "../test/helpers/agent-process.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, rate: { type: "string", default: "2000" } },
});
const TICK_MS = 20;
/** Rotated files are kept at least this long, whatever was read. The agent finds a file without a watcher event within 8 s. */
const KEPT_MS = 15_000;
const PATIENCE_MS = 60_000;

type Way = "rename" | "copytruncate" | "compress";

/** One log, written in bursts. The last line of a renamed file is written after the rename. */
class Log {
  written = 0;
  rotations = 0;
  readonly path: string;
  private readonly periodMs: number;
  private readonly ways: readonly Way[];
  private readonly rotated: string[] = [];
  private dueAt: number;
  private owed = 0;

  constructor(path: string, rotationsPerHour: number, ways: readonly Way[]) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.ways = ways;
    this.periodMs = 3_600_000 / rotationsPerHour;
    this.dueAt = clock.now() + this.periodMs;
  }

  /** @param lag unread bytes of all rotated files */
  step(lines: number, lag: number): void {
    this.owed += lines;
    const count = Math.floor(this.owed);
    this.owed -= count;
    this.write(this.path, count);
    if (clock.now() < this.dueAt) return;
    this.dueAt += this.periodMs;
    const way = this.ways[this.rotations % this.ways.length] as Way;
    this.rotated.push(this.rotate(`${this.path}.${++this.rotations}`, way));
    const kept = Math.ceil(KEPT_MS / this.periodMs);
    if (lag === 0) for (const old of this.rotated.splice(0, this.rotated.length - kept)) rmSync(old);
  }

  /** Returns the path of the rotated file. With copytruncate, nothing is written between copying and truncating. */
  private rotate(name: string, way: Way): string {
    if (way === "copytruncate") {
      copyFileSync(this.path, name);
      truncateSync(this.path);
      return name;
    }
    renameSync(this.path, name);
    this.write(name, 1);
    if (way === "rename") return name;
    writeFileSync(`${name}.gz`, gzipSync(readFileSync(name)));
    rmSync(name);
    return `${name}.gz`;
  }

  private write(path: string, count: number): void {
    let text = "";
    for (let i = 0; i < count; i++) text += `line ${this.written++} ${"x".repeat((this.written * 7919) % 200)}\n`;
    appendFileSync(path, text);
  }
}

interface Figures {
  readonly resident: number;
  readonly descriptors: number;
}

const place = new Workplace();
const server = await startSandbox({}, clock);
const logs = [
  new Log(join(place.logs, "calm/app.log"), 230, ["rename"]),
  new Log(join(place.logs, "busy/app.log"), 20 * 3600, ["rename"]),
  new Log(join(place.logs, "copied/app.log"), 1800, ["rename", "copytruncate", "compress"]),
];
// The patterns match copies too: a copy of a file of which nothing was read yet is read only if a pattern matches it.
const paths = [join(place.logs, "{calm,busy}/*.log"), join(place.logs, "copied/*.log*")];
place.configure(server.url, { inputs: [{ id: "app", paths }] });
const agent = place.run();
const faults: string[] = [];
try {
  await agent.url();
  const figures = await write();
  const written = logs.reduce((sum, log) => sum + log.written, 0);
  await agent
    .until("all delivered", (s) => s.ledger.read.records >= written && s.ledger.buffered.records === 0, PATIENCE_MS)
    .catch((error: unknown) => faults.push(String(error)));
  judge(await agent.status(), written, figures);
} finally {
  await agent.stop();
  await server.stop();
}
const rotations = logs.map((log) => log.rotations).join(", ");
if (faults.length === 0) place.remove();
else process.stdout.write(`${faults.join("\n")}\nlogs and state are in ${place.root}\n`);
process.stdout.write(`soak ${faults.length === 0 ? "passed" : "FAILED"} after ${rotations} rotations\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function write(): Promise<Figures[]> {
  const [began, figures] = [clock.now(), [] as Figures[]];
  const endsAt = began + Number(values.minutes) * 60_000;
  let [last, reportAt, lag] = [began, began + 10_000, 0];
  for (let tick = 0; clock.now() < endsAt && agent.runs; tick++) {
    await clock.sleep(TICK_MS);
    const now = clock.now();
    const lines = ((now - last) / 1000) * (Number(values.rate) / logs.length);
    last = now;
    for (const log of logs) log.step(lines, lag);
    if (tick % 50 === 0) lag = (await agent.status())?.inputs["app"]?.rotated_bytes ?? 1;
    if (now < reportAt) continue;
    reportAt = now + 60_000;
    figures.push(report(agent));
  }
  return figures;
}

function report(of: AgentProcess): Figures {
  const status = readFileSync(`/proc/${of.pid}/status`, "utf8");
  const resident = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  const descriptors = readdirSync(`/proc/${of.pid}/fd`).length;
  const written = logs.map((log) => `${log.written} lines, ${log.rotations} rotations`).join("; ");
  process.stdout.write(`${written}; ${resident} MiB resident, ${descriptors} descriptors\n`);
  return { resident, descriptors };
}

function judge(status: Status | undefined, written: number, figures: readonly Figures[]): void {
  const check = (name: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      faults.push(`${name}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  };
  check("records read", status?.ledger.read.records, written);
  check("documents stored", server.store.count(), written);
  check("bytes never read", Object.values(status?.inputs["app"]?.unread ?? {}).filter(Boolean), []);
  // Ignore the first figures, because the agent is still warming up.
  const [, early] = figures;
  const late = figures.at(-1);
  if (early === undefined || late === undefined) return;
  if (late.resident > early.resident * 1.5) faults.push(`memory grew from ${early.resident} to ${late.resident} MiB`);
  if (late.descriptors > early.descriptors + 50) faults.push(`${late.descriptors} descriptors`);
}
