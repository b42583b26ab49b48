// `check --connect` against real sockets. Each step is reported. The first failed step ends a host's steps and says in plain
// words what is wrong. Then come the cluster's answers about credentials, privileges, indices and bodies.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { RequestListener, Server } from "node:http";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { loadText } from "../../../../src/config/load.ts";
import { systemClock } from "../../../../src/core/clock.ts";
import type { OutputOptions } from "../../../../src/core/options.ts";
import { probe } from "../../../../src/outputs/elasticsearch/probe/probe.ts";
import { targetNames } from "../../../../src/outputs/elasticsearch/probe/target-names.ts";
import type { StepReport } from "../../../../src/outputs/elasticsearch/probe/step.ts";
import { startSandbox } from "../../../../src/sandbox/bulk-server.ts";
import { outputOptions } from "../../../helpers/output-options.ts";

const FIXTURES = new URL("../../../fixtures/tls/", import.meta.url);
const CERT = new URL("server.pem", FIXTURES).pathname;
const KEY = new URL("server.key", FIXTURES).pathname;
const SECURE = { cert: readFileSync(CERT), key: readFileSync(KEY) };
const TLS = { ca: CERT, cert: undefined, key: undefined, passphrase: undefined, verify: true };
const ROOT = { version: { number: "9.1.0" } };

type Table = Readonly<Record<string, readonly [status: number, json: unknown]>>;

/** Responds by method and path. A request that is not in the table gets a 400, as from a server without such a handler. */
function elastic(table: Table = {}, heard: string[] = []): RequestListener {
  return (request, response) => {
    const asked = `${request.method} ${request.url?.split("?")[0]}`;
    heard.push(asked);
    request.resume().on("end", () => {
      const [status, json] = { "GET /": [200, ROOT] as const, ...table }[asked] ?? [400, { error: "no handler" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
  };
}

async function listening<T>(server: Server, run: (port: number) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await run((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function reports(different: Partial<OutputOptions>, targets: readonly string[] = []): Promise<StepReport[]> {
  const all: StepReport[] = [];
  for await (const report of probe(outputOptions(different), targets, systemClock)) all.push(report);
  for (const { ms, ok, code, hint } of all) {
    assert.ok(ms >= 0);
    if (!ok) assert.ok(code?.startsWith("output-") && hint, `a failure has a code and a remedy: ${code} ${hint}`);
  }
  return all;
}

function line({ step, ok, what }: StepReport): string {
  return `${step} ${ok ? "ok" : "failed"}: ${what}`.replaceAll(/(port |:)\d{4,5}/g, "$1PORT");
}

/** The last step, which must be the only failed one, as text. */
async function failure(different: Partial<OutputOptions>): Promise<string> {
  const all = await reports(different);
  const last = all.at(-1) as StepReport;
  assert.deepEqual(
    all.filter(({ ok }) => !ok),
    [last],
  );
  return `${line(last)} -> ${last.hint} [${last.code}]`;
}

test("every step of a server without security", async () => {
  const heard: string[] = [];
  const server = createHttp(elastic({ "GET /_resolve/index/a": [200, { indices: [{ name: "a" }] }] }, heard));
  await listening(server, async (port) => {
    const all = await reports({ hosts: [`http://127.0.0.1:${port}`] }, ["a"]);
    assert.deepEqual(all.map(line), [
      "resolve ok: 127.0.0.1 is an address",
      "connect ok: port PORT of 127.0.0.1 takes connections",
      "server ok: elasticsearch 9.1.0",
      "credentials ok: none are configured, and the server asks for none",
      "target ok: a is there, an index",
      "body ok: one of 5.2 MB comes through",
    ]);
  });
  assert.deepEqual(
    heard.filter((asked) => !asked.startsWith("GET")),
    ["POST /_bulk"],
    "the only thing sent is the body that no server takes",
  );
});

test("the question for the body limit stores nothing, in plain and in gzip", async () => {
  const sandbox = await startSandbox({ keep: "documents" }, systemClock);
  try {
    for (const compression of ["none", "gzip"] as const) {
      const all = await reports({ hosts: [sandbox.url], compression }, ["logs-a-b"]);
      assert.deepEqual(
        all.filter(({ ok }) => !ok),
        [],
      );
    }
    assert.equal(sandbox.documents().length, 0);
    await sandbox.change({ ...sandbox.faults, "413": 1 << 20 });
    const last = (await reports({ hosts: [sandbox.url] })).at(-1) as StepReport;
    assert.match(line(last), /^body ok: one of 5\.2 MB is refused as too large/);
    assert.match(last.hint ?? "", /client_max_body_size.*output\.batch\.bytes/);
  } finally {
    await sandbox.stop();
  }
});

for (const [status, json, found] of [
  [
    403,
    { error: { type: "security_exception", reason: "action [indices:data/write/bulk] is unauthorized" } },
    /^body failed: a request to _bulk is refused: the server answers 403: action .* is unauthorized -> allow POST to _bulk for these credentials.* \[output-refused\]$/,
  ],
  [
    403,
    "<html>no</html>",
    /^body failed: .* the server answers 403 -> allow POST .* in any proxy .* \[output-refused\]$/,
  ],
  [
    404,
    "",
    /^body failed: .* the server answers 404 -> output\.hosts has to name the server itself.* \[output-refused\]$/,
  ],
  [
    502,
    "",
    /^body failed: .* the server answers 502 -> see the log of the server, and of any proxy .* \[output-refused\]$/,
  ],
  [401, {}, /^credentials failed: .* the server answers 401 -> check output\.auth.* \[output-authenticate\]$/],
] as const)
  test(`a server, or a proxy before it, that answers ${status} to POST /_bulk ${JSON.stringify(json)}`, async () => {
    const server = createHttp(elastic({ "POST /_bulk": [status, json] }));
    await listening(server, async (port) =>
      assert.match(await failure({ hosts: [`http://127.0.0.1:${port}`] }), found),
    );
  });

test("a connection that breaks off below the body is tried again, three times at most", async () => {
  for (const breaks of [3, 9]) {
    let bodies = 0;
    const answer = elastic();
    const server = createHttp((request, response) => {
      if (request.method === "POST" && ++bodies <= breaks) request.once("data", () => request.socket.resetAndDestroy());
      else answer(request, response);
    });
    await listening(server, async (port) => {
      const last = (await reports({ hosts: [`http://127.0.0.1:${port}`] })).at(-1) as StepReport;
      assert.deepEqual([last.step, last.ok, bodies], ["body", breaks === 3, 4], line(last));
      if (!last.ok) assert.match(`${last.what} ${last.hint}`, /breaks off below one of 5\.2 MB.*output\.batch\.bytes/);
    });
  }
});

test("a name that is none, and a port that nobody listens on", async () => {
  const port = await listening(createHttp(elastic()), async (free) => free);
  const all = await reports({ hosts: ["http://nowhere.invalid:9200", `http://127.0.0.1:${port}`] });
  assert.deepEqual(
    all.map((report) => line(report).split(":")[0]),
    ["resolve failed", "resolve ok", "connect failed"],
    "each host has steps of its own",
  );
  assert.match(all[0]?.what ?? "", /no such name|resolver of this machine does not answer/);
  assert.match(all[2]?.what ?? "", /nothing listens there \(ECONNREFUSED\)/);
});

test("TLS: what is wrong stands there in plain words, with whose certificate it is", async () => {
  await listening(createHttps(SECURE, elastic()), async (port) => {
    const hosts = [`https://127.0.0.1:${port}`];
    const good = await reports({ hosts, tls: TLS });
    assert.match(line(good[2] as StepReport), /^tls ok: TLSv1\.3, certificate for .*127\.0\.0\.1.*valid until/);
    const unchecked = await reports({ hosts, tls: { ...TLS, ca: undefined, verify: false } });
    assert.match(line(unchecked[2] as StepReport), /^tls ok: .*not checked, as output\.tls\.verify says/);
    const untrusted = await failure({ hosts, tls: { ...TLS, ca: undefined } });
    assert.match(untrusted, /^tls failed: .*signed by no authority that is trusted here.*CN=spillway test/);
    assert.match(untrusted, /-> set output\.tls\.ca .*\[output-tls\]$/);
    const other = await failure({ hosts: [`http://127.0.0.1:${port}`] });
    assert.match(other, /^server failed: .*the port speaks TLS.*-> write https:\/\/127\.0\.0\.1:PORT|-> write https/);
    const name = await failure({ hosts: [`https://127.0.0.2:${port}`], tls: TLS }).catch(String);
    assert.match(name, /certificate is for another name|nothing listens/);
    for (const text of [untrusted, other, name]) assert.doesNotMatch(text, /SSL routines|--use-system-ca|openssl/i);
  });
  await listening(createHttp(elastic()), async (port) => {
    assert.match(
      await failure({ hosts: [`https://127.0.0.1:${port}`], tls: TLS }),
      /^tls failed: .*the port answers, but not in TLS.*-> write http:\/\//,
    );
  });
  await listening(createHttps({ ...SECURE, ca: SECURE.cert, requestCert: true }, elastic()), async (port) => {
    const hosts = [`https://127.0.0.1:${port}`];
    assert.match(
      await failure({ hosts, tls: TLS }),
      /^tls failed: .*demands a client certificate.*-> set output\.tls\.cert and output\.tls\.key/,
    );
    const all = await reports({ hosts, tls: { ...TLS, cert: CERT, key: KEY } });
    assert.deepEqual(
      all.filter(({ ok }) => !ok),
      [],
    );
  });
});

test("a server that is none, one that does not know the credentials, one that never answers", async () => {
  const html: RequestListener = (_, response) => response.setHeader("content-type", "text/html").end("<html>");
  const denied: RequestListener = (_, response) => response.writeHead(401).end("{}");
  const silent: RequestListener = () => {};
  for (const [answer, why, timeout] of [
    [html, /^server failed: .*names no version -> .*\[output-version\]$/, 10_000],
    [denied, /^credentials failed: .*401 -> .*\[output-authenticate\]$/, 10_000],
    [silent, /^server failed: .*\[output-connect\]$/, 300],
  ] as const) {
    await listening(createHttp(answer), async (port) => {
      assert.match(await failure({ hosts: [`http://127.0.0.1:${port}`], timeout }), why);
    });
  }
});

const AUTH = { apiKey: "aWQ6a2V5" };
const KNOWN: Table = { "GET /_security/_authenticate": [200, { username: "u", api_key: { name: "shipper" } }] };
const may = (create_doc: boolean, auto_configure: boolean): unknown => ({ create_doc, auto_configure });

test("privileges are asked for every index at once, and the ones that lack are named", async () => {
  const asked = (index: unknown): Table => ({
    ...KNOWN,
    "POST /_security/user/_has_privileges": [200, { index }],
    "GET /_resolve/index/a": [403, {}],
    "GET /_resolve/index/b": [404, {}],
  });
  await listening(createHttp(elastic(asked({ a: may(true, true), b: may(false, false) }))), async (port) => {
    const all = await reports({ hosts: [`http://127.0.0.1:${port}`], auth: AUTH }, ["a", "b"]);
    assert.deepEqual(all.slice(3, 6).map(line), [
      "credentials ok: those of the API key shipper",
      "privileges failed: create_doc is not allowed on b",
      "target ok: a: the credentials may not look (view_index_metadata)",
    ]);
    assert.equal(all[4]?.code, "output-privileges");
  });
  await listening(createHttp(elastic(asked({ a: may(true, false), b: may(true, true) }))), async (port) => {
    const all = await reports({ hosts: [`http://127.0.0.1:${port}`], auth: AUTH }, ["a", "b"]);
    assert.equal(
      line(all[4] as StepReport),
      "privileges ok: create_doc is allowed on all 2 indices; auto_configure is not on a",
    );
  });
});

const TEMPLATES = [
  { name: "all", index_template: { index_patterns: ["*"], priority: 1 } },
  { name: "logs", index_template: { index_patterns: ["logs-*-*"], priority: 100, data_stream: {} } },
];

test("a target that is there, of the wrong kind, or made by a template", async () => {
  const table: Table = {
    "GET /_index_template": [200, { index_templates: TEMPLATES }],
    "GET /_resolve/index/stream": [200, { data_streams: [{ name: "stream" }] }],
    "GET /_resolve/index/shut": [200, { indices: [{ name: "shut", attributes: ["closed"] }] }],
    "GET /_resolve/index/plain": [200, { indices: [{ name: "plain", attributes: ["open"] }] }],
    "GET /_resolve/index/logs-a-b": [404, {}],
    "GET /_resolve/index/other": [404, {}],
  };
  await listening(createHttp(elastic(table)), async (port) => {
    const hosts = [`http://127.0.0.1:${port}`];
    const said = async (name: string, different: Partial<OutputOptions> = {}): Promise<string> =>
      line((await reports({ hosts, ...different }, [name])).find(({ step }) => step === "target") as StepReport);
    assert.equal(await said("stream"), "target ok: stream is there, a data stream");
    assert.match(await said("stream", { operation: "index" }), /^target failed: .*takes no `index`$/);
    assert.equal(await said("shut"), "target failed: shut is closed");
    assert.match(await said("plain", { requireDataStream: true }), /^target failed: .*is no data stream$/);
    assert.equal(
      await said("logs-a-b"),
      "target ok: logs-a-b is not there yet; it becomes a data stream by the template logs",
    );
    assert.match(await said("other"), /becomes an index by the template all$/);
    const pipeline = await reports({ hosts, pipeline: "geo" }, []);
    assert.equal(line(pipeline.at(-2) as StepReport), "pipeline ok: pipeline geo: the server answers 400: no handler");
  });
});

test("the targets are the indices of the inputs, each once, with today's date", () => {
  const { config } = loadText(
    "x.yml",
    "inputs: [{ id: a, paths: [/a] }, { id: b, paths: [/b] }, { id: c, paths: [/c], index: 'c-{input}-{date:yyyy.MM}' }]",
    { env: {}, cwd: "/" },
  );
  assert.deepEqual(targetNames(config, Date.UTC(2026, 0, 31)), ["logs-generic-default", "c-c-2026.01"]);
});
