// A real Elasticsearch or OpenSearch on loopback for one test file: fresh data, a free port, and it ends with the test process in
// any case. Start it once per file in `before`, give every test its own index, stop it in `after`: it is the heaviest process
// that the tests start (0.5 GB and 3 s of both cores).
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { assemble, missing } from "../elasticsearch/assemble.ts";
import { type Server, recipeOf } from "../elasticsearch/recipes.ts";

export { OLDEST, OPENSEARCH, SECURED, VERSIONS, type Server } from "../elasticsearch/recipes.ts";

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
  /** Any request. Sends a string or bytes as NDJSON, everything else as JSON. Does not throw for an error status. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Refreshes, then counts the documents; 0 for an index that does not exist. */
  count(index: string): Promise<number>;
  /** The documents with these ids, in any order; works for data streams too. */
  documents(index: string, ids: readonly string[]): Promise<Hit[]>;
  /** Refreshes, then searches. */
  search(index: string, body: object): Promise<Hit[]>;
  /** Shuts down as an operator would. */
  stop(): Promise<void>;
  /** Shuts down as a power cut would, and starts again on the same data and port once `meanwhile` is done. */
  cutPower(meanwhile?: () => Promise<unknown>): Promise<void>;
}

export interface StartOptions {
  /** Node settings, for example { "indexing_pressure.memory.limit": "1mb" }. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further options of its virtual machine. */
  readonly jvm?: readonly string[];
  /** Contents of files in the node's directory of configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** If the node has security: how its own requests authenticate, and the certificate that they trust. */
  readonly access?: { readonly authorization: string; readonly ca: string };
}

/** For a test's `skip`: what this machine lacks. With CI=true nothing is skipped, and the start fails with that message. */
export function skipWithout(server: Server): string | false {
  return (process.env["CI"] !== "true" && missing(server)) || false;
}

const SETTINGS = {
  "discovery.type": "single-node",
  "http.host": "127.0.0.1",
  "http.port": "0",
  "transport.host": "127.0.0.1",
  "transport.port": "0",
  // A test machine's disk may be nearly full, which would make every index read-only.
  "cluster.routing.allocation.disk.threshold_enabled": "false",
  // With a 512 MiB heap the parent breaker answers 429 to a few parallel requests. Tests that want a 429 configure it.
  "indices.breaker.total.use_real_memory": "false",
};
/** A node lives for seconds, so the optimizing compiler would only compete with the test for two cores. */
const JVM = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true"];

export async function startElasticsearch(name: Server, options: StartOptions = {}): Promise<Elasticsearch> {
  const { home, java } = await assemble(name);
  const recipe = recipeOf(name);
  const data = await mkdtemp(join(tmpdir(), "spillway-elasticsearch-"));
  await mkdir(join(data, "config"));
  for (const [file, content] of Object.entries(options.files ?? {}))
    await writeFile(join(data, "config", file), content);
  const main = basename(recipe.launcher, ".java");
  const command = [
    ...JVM,
    ...recipe.jvm,
    ...(options.jvm ?? []),
    "-cp",
    `${join(home, "classes")}:${join(home, "lib/*")}`,
    main,
    home,
    data,
  ];
  const settings: Record<string, string | undefined> = { ...SETTINGS, ...recipe.settings, ...options.settings };

  let node: ChildProcess;
  const boot = async (): Promise<string> => {
    const given = Object.entries(settings).filter(([, value]) => value !== undefined);
    node = spawn(java, [...command, ...given.map(([key, value]) => `${key}=${value}`)]);
    const url = `${options.access ? "https" : "http"}://${await listening(node)}`;
    await callOk({ url, ...options.access }, "GET", "/_cluster/health?wait_for_status=yellow&timeout=30s");
    return url;
  };
  const end = async (how: () => void): Promise<void> => {
    const gone = once(node, "exit");
    if (node.exitCode !== null || node.signalCode !== null) return;
    how();
    await gone;
  };
  const kill = (): Promise<void> => end(() => node.kill("SIGKILL"));
  try {
    const url = await boot();
    settings["http.port"] = new URL(url).port;
    return {
      ...methods({ url, ...options.access }),
      async stop() {
        await end(() => node.stdin?.end());
        await rm(data, { recursive: true, force: true });
      },
      async cutPower(meanwhile) {
        await kill();
        await meanwhile?.();
        await boot();
      },
    };
  } catch (error) {
    await kill();
    await rm(data, { recursive: true, force: true });
    throw error;
  }
}

/** Resolves to the address that the server prints once it is up; rejects with its last output lines if it never is. */
function listening(server: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const said: string[] = [];
  for (const stream of [server.stdout, server.stderr]) {
    createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
      const address = /\blistening on (\S+)$/.exec(line)?.[1];
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

interface Access {
  readonly url: string;
  readonly authorization?: string;
  readonly ca?: string;
}

function methods(node: Access): Omit<Elasticsearch, "stop" | "cutPower"> {
  const search = async (index: string, body: object): Promise<Hit[]> => {
    await call(node, "POST", `/${index}/_refresh`);
    return (await callOk(node, "POST", `/${index}/_search`, body)).hits.hits;
  };
  return {
    url: node.url,
    request: (method, path, body) => call(node, method, path, body),
    search,
    async count(index) {
      if ((await call(node, "POST", `/${index}/_refresh`)).status === 404) return 0;
      return (await callOk(node, "GET", `/${index}/_count`)).count;
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

async function callOk(node: Access, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await call(node, method, path, body);
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** One connection per request: a node that was restarted would have closed an idle one. */
async function call({ url, authorization, ca }: Access, method: string, path: string, body?: unknown): Promise<Answer> {
  const ndjson = typeof body === "string" || body instanceof Uint8Array;
  const headers: Record<string, string> = { "content-type": ndjson ? "application/x-ndjson" : "application/json" };
  if (authorization !== undefined) headers["authorization"] = authorization;
  const request = (ca === undefined ? plainRequest : tlsRequest)(url + path, { method, headers, ca, agent: false });
  request.end(body === undefined ? undefined : ndjson ? body : JSON.stringify(body));
  const [response] = await once(request, "response");
  const said = await text(response);
  return { status: response.statusCode, body: said.startsWith("{") ? JSON.parse(said) : said };
}
