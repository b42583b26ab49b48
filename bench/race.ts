// `npm run race`: spillway and every other shipper on the PATH, each on the same file to the same server, one after the other.
// Prints lines per second, CPU seconds and peak resident memory, and whether each line arrived exactly once. docs/performance.md
// says how to read the figures.
//   npm run race -- [--lines 1000000] [--rounds 3] [--only spillway,rsyslog] [--url http://127.0.0.1:9200]
// Without --url, the server is the sandbox, in this process. With --url, it creates and deletes indices named spillway-race-NAME.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock as clock } from "../src/core/clock.ts";
import { AccessLines, BLOCK_LINES } from "../src/sandbox/access-lines.ts";
import { type Cost, costOf } from "./race/cost.ts";
import { type Server, elasticsearchServer, sandboxServer } from "./race/servers.ts";
import { type Course, SHIPPERS, type Shipper, configure, find } from "./race/shippers.ts";

const { values } = parseArgs({
  options: {
    lines: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: SHIPPERS.map(({ name }) => name).join(",") },
    url: { type: "string" },
  },
});
const LINES = Number(values.lines);
const ROUNDS = Number(values.rounds);
/** A shipper that has stored nothing more for this long has failed. */
const STALLED_MS = 60_000;

interface Lap extends Cost {
  readonly seconds: number;
  readonly isComplete: boolean;
  readonly arrived: string;
}

const root = mkdtempSync(join(tmpdir(), "spillway-race-"));
let running: ChildProcess | undefined;
process.on("exit", () => {
  running?.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

const file = writeLines();
const server = values.url === undefined ? await sandboxServer() : await elasticsearchServer(values.url);
say(
  `${count(LINES)} lines, ${count(statSync(file).size / 1e6)} MB, to ${server.about}; ${availableParallelism()} cores`,
);
const entered = SHIPPERS.filter(({ name }) => values.only.split(",").includes(name)).filter(canRun);
const laps = new Map<Shipper, Lap[]>(entered.map((shipper) => [shipper, []]));
for (let round = 0; round < ROUNDS; round++)
  for (const shipper of entered) laps.get(shipper)?.push(await lap(shipper, round, server));
await server.stop();
report();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function writeLines(): string {
  const path = join(root, "access.log");
  const access = new AccessLines();
  for (let n = 0; n < LINES; n += BLOCK_LINES)
    appendFileSync(path, access.lines(n, Math.min(BLOCK_LINES, LINES - n), clock.wall()));
  return path;
}

function courseOf({ name }: Shipper, lap: string): Course {
  const directory = join(root, `${name}-${lap}`);
  mkdirSync(directory);
  return { directory, file, url: server.url, index: `spillway-race-${name}` };
}

/** Whether the program is there and understands its configuration; if not, says why in a line. */
function canRun(shipper: Shipper): boolean {
  const program = find(shipper.programs);
  if (program === undefined) {
    say(`${shipper.name}: skipped, ${shipper.programs.join(" or ")} is not on the PATH`);
    return false;
  }
  const course = courseOf(shipper, "check");
  const args = shipper.check?.(configure(shipper, course), course);
  if (args === undefined) return true;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", cwd: course.directory });
  if (status === 0) return true;
  say(`${shipper.name}: skipped, ${program} rejects its configuration: ${lastLine(stderr + stdout)}`);
  return false;
}

/** Runs a shipper from its start until every line has arrived, it has ended, or nothing more arrives. */
async function lap(shipper: Shipper, round: number, { prepare, stored, tally }: Server): Promise<Lap> {
  const course = courseOf(shipper, String(round));
  const config = configure(shipper, course);
  await prepare(course.index, LINES);
  const log = join(course.directory, "output");
  const output = openSync(log, "a");
  const began = clock.now();
  const child = spawn(find(shipper.programs) as string, shipper.run(config, course), {
    ...{ cwd: course.directory, stdio: ["ignore", output, output] },
  });
  closeSync(output);
  running = child;
  const ended = once(child, "exit");
  let [documents, since, cost] = [0, began, { cpu: 0, peak: 0 }];
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  while (documents < LINES && isRunning() && clock.now() - since < STALLED_MS) {
    await clock.sleep(values.url === undefined ? 5 : 100);
    const now = await stored(course.index);
    if (now > documents) since = clock.now();
    documents = now;
    if (isRunning()) cost = costOf(child.pid as number);
  }
  const seconds = (since - began) / 1000;
  const didEnd = !isRunning();
  child.kill("SIGTERM");
  await ended;
  running = undefined;
  const result = await tally(course.index);
  const why = documents >= LINES ? "" : `; ${didEnd ? "it ended" : "nothing more arrived"}: ${lastLine(read(log))}`;
  rmSync(course.directory, { recursive: true });
  return { ...cost, seconds, isComplete: result.isComplete, arrived: `${String(result)}${why}` };
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** Medians over the rounds in which each line arrived once; of the other laps, the last one is named. */
function report(): void {
  say(row("", ["lines/s", "CPU s", "lines/CPU s", "peak MiB"]));
  for (const [{ name }, all] of laps) {
    const whole = all.filter(({ isComplete }) => isComplete);
    const median = (of: (one: Lap) => number): number =>
      whole.map(of).toSorted((a, b) => a - b)[whole.length >> 1] ?? 0;
    const figures = [
      count(median(({ seconds }) => LINES / seconds)),
      median(({ cpu }) => cpu).toFixed(2),
      count(median(({ cpu }) => LINES / cpu)),
      count(median(({ peak }) => peak)),
    ];
    const failed = all.findLast(({ isComplete }) => !isComplete);
    say(`${row(name, whole.length > 0 ? figures : figures.map(() => "-"))}  ${(failed ?? all.at(-1))?.arrived}`);
    if (failed) process.exitCode = 1;
  }
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(12)).join("");
}
