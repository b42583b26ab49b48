// Against a real Elasticsearch: `node bench/elasticsearch.ts [race] [outage] [limit] [--lines 1000000] [--rounds 3]`.
// race: documents per second and share of a core, next to rsyslog on the same file (apt-get install rsyslog
// rsyslog-elasticsearch), in turns. outage: the server is away for a minute, in which the lines are written; how long until all of
// them are there. limit: bytes sent per byte stored where requests may have 1 MB. Each asserts that every line was stored once.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock as clock } from "../src/core/clock.ts";
import type { Status } from "../src/ops/status.ts";
import { AccessLines, BLOCK_LINES } from "../src/sandbox/access-lines.ts";
import { type AgentProcess, Workplace, eventually } from "../test/helpers/agent-process.ts";
import { type Elasticsearch, startElasticsearch } from "../test/helpers/elasticsearch.ts";
import { costOf } from "./race/cost.ts";
import { rsyslogConfig } from "./race/shippers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: "string", default: "1000000" }, rounds: { type: "string", default: "3" } },
});
const [LINES, ROUNDS] = [Number(values.lines), Number(values.rounds)];
const JVM = ["-XX:TieredStopAtLevel=4", "-Xms1g", "-Xmx1g"];
const OUTAGE_MS = 60_000;
const STORED_WITHIN_MS = 600_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const wanted = (part: string): boolean => positionals.length === 0 || positionals.includes(part);
const access = new AccessLines();

/** Appends the lines with these numbers. */
function append(path: string, first: number, count: number): void {
  for (let n = first; n < first + count; n += BLOCK_LINES)
    appendFileSync(path, access.lines(n, Math.min(BLOCK_LINES, first + count - n), clock.wall()));
}

async function withServer(
  settings: Readonly<Record<string, string>>,
  run: (server: Elasticsearch) => Promise<void>,
): Promise<void> {
  const server = await startElasticsearch("9.5.3", { settings, jvm: JVM });
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

async function emptyIndex(server: Elasticsearch, index: string): Promise<void> {
  await server.request("DELETE", `/${index}`);
  const settings = { number_of_shards: 1, number_of_replicas: 0 };
  assert.equal((await server.request("PUT", `/${index}`, { settings })).status, 200);
}

/** Waits for all lines, by a counter that costs the server nothing: a refresh ten times a second made it many times slower. */
function stored(server: Elasticsearch, index: string): Promise<true> {
  const look = async (): Promise<boolean> => {
    await clock.sleep(100);
    const { body } = await server.request("GET", `/${index}/_stats/indexing`);
    return body._all?.primaries?.indexing?.index_total >= LINES;
  };
  return eventually(`${LINES} documents in ${index}`, look, STORED_WITHIN_MS) as Promise<true>;
}

interface Result {
  readonly rate: number;
  readonly core: number;
  readonly perCpuSecond: number;
  readonly peak: number;
}

/** Runs an agent until the server has every line of the file. */
async function lap(server: Elasticsearch, index: string, start: () => number): Promise<Result> {
  await emptyIndex(server, index);
  const began = clock.now();
  const pid = start();
  await stored(server, index);
  const seconds = (clock.now() - began) / 1000;
  const { cpu, peak } = costOf(pid);
  assert.equal(await server.count(index), LINES);
  return { rate: LINES / seconds, core: (100 * cpu) / seconds, perCpuSecond: LINES / cpu, peak };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

async function race(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "spillway-race-"));
  const file = join(directory, "access.log");
  append(file, 0, LINES);
  const results = new Map<string, Result[]>([
    ["spillway", []],
    ["rsyslog", []],
  ]);
  await withServer({}, async (server) => {
    for (let round = 0; round <= ROUNDS; round++) {
      const place = new Workplace();
      const inputs = [{ id: "access", paths: [file] }];
      place.configure(server.url, { inputs, output: { index: "spillway" }, buffer: { memory: "64MiB", disk: "2GiB" } });
      let agent: AgentProcess | undefined;
      const own = await lap(server, "spillway", () => (agent = place.run()).pid);
      await agent?.stop();
      place.remove();

      const state = mkdtempSync(join(directory, "rsyslog-"));
      const config = join(state, "rsyslog.conf");
      writeFileSync(config, rsyslogConfig({ directory: state, file, url: new URL(server.url), index: "rsyslog" }));
      let other: ChildProcess | undefined;
      const theirs = await lap(server, "rsyslog", () => {
        other = spawn("rsyslogd", ["-n", "-f", config, "-i", join(state, "pid")], { stdio: "ignore" });
        return other.pid as number;
      });
      await end(other as ChildProcess);
      // In the first round the server's own code is still being compiled.
      if (round === 0) continue;
      results.get("spillway")?.push(own);
      results.get("rsyslog")?.push(theirs);
    }
  });
  rmSync(directory, { recursive: true });
  for (const [name, all] of results) {
    const median = (key: keyof Result): string => {
      const sorted = all.map((one) => one[key]).toSorted((a, b) => a - b);
      return Math.round(sorted[Math.floor(sorted.length / 2)] as number).toLocaleString("en");
    };
    say(
      `${name}: ${median("rate")} documents/s, ${median("core")} % of a core, ` +
        `${median("perCpuSecond")} documents per CPU-second, at most ${median("peak")} MiB`,
    );
  }
}

/** Starts an agent on a log and gives it to `run`, then stops it and returns its last status. */
async function withAgent(
  server: Elasticsearch,
  index: string,
  run: (agent: AgentProcess, log: string) => Promise<void>,
): Promise<Status> {
  const place = new Workplace();
  try {
    await emptyIndex(server, index);
    const output = { index, compression: "none" };
    place.configure(server.url, { output, buffer: { memory: "64MiB", disk: "2GiB" } });
    const agent = place.run();
    await agent.until("connected", ({ output: { server: name } }) => name !== null);
    await run(agent, join(place.logs, "access.log"));
    await stored(server, index);
    const status = await agent.until("all settled", ({ ledger }) => ledger.buffered.records === 0);
    assert.equal(await server.count(index), LINES);
    assert.deepEqual([status.ledger.read.records, status.ledger.dead_lettered.records], [LINES, 0]);
    await agent.stop();
    return status;
  } finally {
    place.remove();
  }
}

async function outage(): Promise<void> {
  await withServer({}, async (server) => {
    let back = 0;
    const { ledger } = await withAgent(server, "outage", async (_, log) => {
      await server.cutPower(async () => {
        const seconds = OUTAGE_MS / 1000;
        for (let second = 0; second < seconds; second++) {
          const first = Math.round((second * LINES) / seconds);
          const due = clock.sleep(1000);
          append(log, first, Math.round(((second + 1) * LINES) / seconds) - first);
          await due;
        }
      });
      back = clock.now();
    });
    const took = ((clock.now() - back) / 1000).toFixed(1);
    const { records } = ledger.duplicates;
    say(`outage of 60 s, ${LINES} lines behind: all stored ${took} s after the server was back; ${records} sent twice`);
  });
}

async function limit(): Promise<void> {
  const sent: number[] = [];
  for (const settings of [{}, { "http.max_content_length": "1mb" }]) {
    await withServer(settings, async (server) => {
      const { output } = await withAgent(server, "limit", (_, log) => Promise.resolve(append(log, 0, LINES)));
      sent.push(output.bytes.body);
      say(
        `${JSON.stringify(settings)}: ${output.bytes.body} bytes, ${output.requests.failures.indigestible} too large`,
      );
    });
  }
  const [free = 0, limited = 0] = sent;
  say(`requests of at most 1 MB: ${(limited / free).toFixed(3)} bytes sent per byte stored`);
}

if (wanted("race")) await race();
if (wanted("outage")) await outage();
if (wanted("limit")) await limit();
