// A real Elasticsearch on loopback for one test file: fresh data, a free port, gone with the test process however that
// ends. Start it once per file in `before`, give every test an index of its own, stop it in `after`: it is the heaviest
// thing that the tests start (0.5 GB and 3 s of both cores).
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Version, assemble, missing } from "../elasticsearch/assemble.ts";

export { VERSIONS, type Version } from "../elasticsearch/assemble.ts";

export interface Answer {
  readonly status: number;
  readonly body: any;
}
export interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: any;
  readonly sort?: readonly unknown[];
}
export interface Elasticsearch {
  readonly url: string;
  /** Any call; a string or bytes go as NDJSON, everything else as JSON. Does not throw for an error status. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Documents that a search sees, after a refresh; 0 for an index that does not exist. */
  count(index: string): Promise<number>;
  /** The documents with these ids, in no order; works for data streams too. */
  documents(index: string, ids: readonly string[]): Promise<Hit[]>;
  /** The hits of a search, after a refresh. */
  search(index: string, body: object): Promise<Hit[]>;
  /** Shuts down as an operator would. */
  stop(): Promise<void>;
  /** Shuts down as a power cut would. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Node settings, for example { "indexing_pressure.memory.limit": "1mb" }. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** For a test's `skip`: says what this machine lacks. With CI=true nothing is skipped, and the start fails with that line. */
export function skipWithout(version: Version): string | false {
  return (process.env["CI"] !== "true" && missing(version)) || false;
}

const SETTINGS = {
  "discovery.type": "single-node",
  "http.host": "127.0.0.1",
  "http.port": "0",
  "transport.host": "127.0.0.1",
  "transport.port": "0",
  // A test machine's disk may be nearly full, which would make every index read-only.
  "cluster.routing.allocation.disk.threshold_enabled": "false",
  // With half a GiB of heap the parent breaker answers 429 to a few parallel bodies; tests that want a 429 ask for it.
  "indices.breaker.total.use_real_memory": "false",
};
/** A node lives for seconds: the optimizing compiler would only compete with the test for two cores. */
const JVM = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true"];

export async function startElasticsearch(version: Version, options: StartOptions = {}): Promise<Elasticsearch> {
  const { home, java } = await assemble(version);
  const data = await mkdtemp(join(tmpdir(), "spillway-elasticsearch-"));
  const settings = Object.entries({ ...SETTINGS, ...options.settings }).map(([name, value]) => `${name}=${value}`);
  const classPath = `${join(home, "classes")}:${join(home, "lib/*")}`;
  const server = spawn(java, [...JVM, "-cp", classPath, "Launcher", home, data, ...settings]);
  const gone = once(server, "exit");
  const end = async (how: () => void): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) how();
    await gone;
    await rm(data, { recursive: true, force: true });
  };
  try {
    const url = `http://${await listening(server)}`;
    await callOk(url, "GET", "/_cluster/health?wait_for_status=yellow&timeout=30s");
    return {
      ...methods(url),
      stop: () => end(() => server.stdin.end()),
      kill: () => end(() => server.kill("SIGKILL")),
    };
  } catch (error) {
    await end(() => server.kill("SIGKILL"));
    throw error;
  }
}

/** The address that the server prints once it answers; its last lines if it never does. */
function listening(server: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  for (const stream of [server.stdout, server.stderr]) {
    createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
      const address = /^listening on (.+)$/.exec(line)?.[1];
      if (address) resolve(address);
      said.push(line);
      if (said.length > 40) said.shift();
    });
  }
  const failed = (why: string): void => reject(new Error(`Elasticsearch ${why}:\n${said.join("\n")}`));
  const patience = setTimeout(() => failed("did not start within 120 s"), 120_000);
  server.once("error", reject);
  server.once("exit", (code, signal) => failed(`ended with ${code ?? signal} while starting`));
  return promise.finally(() => clearTimeout(patience));
}

function methods(url: string): Omit<Elasticsearch, "stop" | "kill"> {
  const search = async (index: string, body: object): Promise<Hit[]> => {
    await call(url, "POST", `/${index}/_refresh`);
    return (await callOk(url, "POST", `/${index}/_search`, body)).hits.hits;
  };
  return {
    url,
    request: (method, path, body) => call(url, method, path, body),
    search,
    async count(index) {
      if ((await call(url, "POST", `/${index}/_refresh`)).status === 404) return 0;
      return (await callOk(url, "GET", `/${index}/_count`)).count;
    },
    async documents(index, ids) {
      const hits: Hit[] = [];
      for (let from = 0; from < ids.length; from += 1000) {
        const values = ids.slice(from, from + 1000);
        hits.push(...(await search(index, { size: values.length, query: { ids: { values } } })));
      }
      return hits;
    },
  };
}

async function callOk(url: string, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await call(url, method, path, body);
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function call(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const ndjson = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": ndjson ? "application/x-ndjson" : "application/json" },
    ...(body === undefined ? {} : { body: ndjson ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}
