// The whole output against the sandbox: requests, responses, and the documents stored afterwards.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { SpillwayError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OutputOptions } from "../../../src/core/options.ts";
import { EXISTS, REFUSED, RETRY, STORED } from "../../../src/core/output.ts";
import type { Output, SendReport } from "../../../src/core/output.ts";
import { createElasticsearchOutput } from "../../../src/outputs/elasticsearch/output.ts";
import { startSandbox } from "../../../src/sandbox/bulk-server.ts";
import type { BulkServer, SandboxOptions } from "../../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../../src/sandbox/faults.ts";
import { HostileServer, type Misdeed } from "../../helpers/hostile-server.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { outputOptions } from "../../helpers/output-options.ts";
import { closedPort, httpAnswer, listenRaw, onHead } from "../../helpers/raw-server.ts";

const never = new AbortController().signal;
const TARGET = "logs-test-default";

interface Pair extends AsyncDisposable {
  readonly sandbox: BulkServer;
  readonly output: Output;
  send(from: number, docs: number): Promise<SendReport>;
}

async function pair(
  faults: string,
  options: Partial<OutputOptions> = {},
  sandboxOptions: Partial<SandboxOptions> = {},
): Promise<Pair> {
  const sandbox = await startSandbox(
    { keep: "documents", faults: parseFaults(faults), ...sandboxOptions },
    systemClock,
  );
  const output = open({ hosts: [sandbox.url], ...options });
  return {
    sandbox,
    output,
    send: (from, docs) => output.send(TARGET, bodyOf(numbers(from, docs)), docs, never),
    async [Symbol.asyncDispose]() {
      await output.close();
      await sandbox.stop();
    },
  };
}

function open(options: Partial<OutputOptions>): Output {
  return createElasticsearchOutput(outputOptions(options), { clock: systemClock, log: silentLog });
}

function numbers(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

function bodyOf(docs: readonly number[]): Buffer {
  const text = docs.map((i) => `{"create":{"_id":"s-${i}"}}\n{"message":"line ${i}."}\n`).join("");
  const body = Buffer.from(new SharedArrayBuffer(text.length));
  body.write(text);
  return body;
}

function verdicts(report: SendReport): readonly number[] {
  assert.equal(report.kind, "mixed", JSON.stringify(report));
  return report.kind === "mixed" ? [...report.verdicts] : [];
}

for (const compression of ["none", "gzip"] as const) {
  test(`everything is stored, with compression ${compression}`, async () => {
    await using both = await pair("", { compression });
    assert.deepEqual(await both.send(0, 5000), { kind: "stored" });
    assert.deepEqual(await both.send(5000, 3), { kind: "stored" });
    const documents = both.sandbox.documents(TARGET);
    assert.equal(documents.length, 5003);
    assert.deepEqual(documents[4321], { index: TARGET, id: "s-4321", source: { message: "line 4321." } });
  });
}

test("an answer lost after storing: unanswered, and the same again is all there", async () => {
  await using both = await pair("lost");
  const lost = await both.send(0, 3);
  assert.ok(lost.kind === "unanswered" && lost.sent === undefined);
  await both.sandbox.change(parseFaults(""));
  assert.deepEqual(verdicts(await both.send(0, 3)), [EXISTS, EXISTS, EXISTS]);
  assert.deepEqual(verdicts(await both.send(1, 4)), [EXISTS, EXISTS, STORED, STORED]);
  assert.equal(both.sandbox.store.count(), 5);
});

test("a share of the items turned away: each in its place", async () => {
  await using both = await pair("429-items=50%");
  const report = await both.send(0, 4);
  assert.deepEqual(verdicts(report), [STORED, RETRY, STORED, RETRY]);
  assert.ok(report.kind === "mixed" && report.busy);
});

test("documents that do not fit the mapping are refused with a reason", async () => {
  await using both = await pair("mapping=line 7.");
  const report = await both.send(6, 3);
  assert.deepEqual(verdicts(report), [STORED, REFUSED, STORED]);
  assert.ok(report.kind === "mixed" && report.refusals.get(1)?.type === "document_parsing_exception");
});

const requests: readonly [faults: string, kind: SendReport["kind"]][] = [
  ["429", "busy"],
  ["503", "unanswered"],
  ["reset", "unanswered"],
  ["html", "denied"],
  ["401", "denied"],
  ["413=10B", "indigestible"],
];
for (const [faults, kind] of requests) {
  test(`a request that meets ${faults} is ${kind}, and nothing is stored`, async () => {
    await using both = await pair(faults);
    assert.equal((await both.send(0, 3)).kind, kind);
    assert.equal(both.sandbox.store.count(), 0);
    await both.sandbox.change(parseFaults(""));
    assert.deepEqual(await both.send(0, 3), { kind: "stored" });
  });
}

test("a server that hangs, and one that is down", async () => {
  await using both = await pair("hang", { timeout: 100 });
  const hung = await both.send(0, 1);
  assert.ok(hung.kind === "unanswered" && /no answer within 0\.1 s/.test(hung.why));
  await both.sandbox.change(parseFaults("down"));
  const down = await both.send(0, 1);
  assert.ok(down.kind === "unanswered" && down.sent === "nothing", JSON.stringify(down));
  await both.sandbox.change(parseFaults(""));
  assert.deepEqual(await both.send(0, 1), { kind: "stored" });
});

test("giving up at shutdown is an answer lost, not an error", async () => {
  await using both = await pair("hang");
  const control = new AbortController();
  const sending = both.output.send(TARGET, bodyOf([0]), 1, control.signal);
  control.abort(new Error("stopping"));
  const report = await sending;
  assert.ok(report.kind === "unanswered" && report.why === "stopping");
});

test("the server is asked who it is, and told to keep lines out of its errors where it can", async () => {
  for (const [identity, expected] of [
    ["elasticsearch 9.5.3", true],
    ["opensearch 3.8.0", false],
  ] as const) {
    const heads: string[] = [];
    await using server = await listenRaw((socket) =>
      onHead(socket, (head) => {
        heads.push(head);
        const number = identity.split(" ")[1];
        const version = identity.startsWith("open") ? { number, distribution: "opensearch" } : { number };
        socket.end(httpAnswer(200, JSON.stringify({ version }), { connection: "close" }));
      }),
    );
    const output = open({ hosts: [server.url] });
    assert.equal((await output.connect(never)).name, identity);
    await output.send("a b", bodyOf([0]), 1, never);
    assert.equal(heads[1]?.includes("include_source_on_error=false"), expected);
    assert.match(heads[1] ?? "", /^POST \/a%20b\/_bulk\?filter_path=errors,items/);
    await output.close();
  }
});

async function connectFault(url: string): Promise<SpillwayError> {
  try {
    await open({ hosts: [url], timeout: 1000 }).connect(never);
  } catch (error) {
    assert.ok(error instanceof SpillwayError);
    return error;
  }
  throw new Error("connected");
}

test("connecting names the step that fails", async () => {
  assert.equal((await connectFault(`http://127.0.0.1:${await closedPort()}`)).code, "output-connect");
  assert.equal((await connectFault("http://nobody.invalid:9200")).code, "output-resolve");
  await using unauthorized = await pair("401");
  assert.equal((await connectFault(unauthorized.sandbox.url)).code, "output-authenticate");
  await using page = await pair("html");
  assert.equal((await connectFault(page.sandbox.url)).code, "output-version");
  await using old = await pair("", {}, { identity: "elasticsearch 6.8.23" });
  assert.match((await connectFault(old.sandbox.url)).message, /elasticsearch 6\.8\.23 is older/);
});

test("connecting asks the next host where one is down", async () => {
  await using both = await pair("", {}, { identity: "elasticsearch 8.19.21" });
  const output = open({ hosts: [`http://127.0.0.1:${await closedPort()}`, both.sandbox.url] });
  assert.equal((await output.connect(never)).name, "elasticsearch 8.19.21");
  await output.close();
});

test("at start no host is waited for while another works", async () => {
  await using both = await pair("", {}, { identity: "elasticsearch 8.19.21" });
  await using mute = await listenRaw(() => {});
  const output = open({ hosts: [mute.url, both.sandbox.url], timeout: 60_000 });
  const started = performance.now();
  assert.equal((await output.connect(never)).name, "elasticsearch 8.19.21");
  assert.ok(performance.now() - started < 5000);
  await output.close();
});

test("many bodies at once, some of them lost, some turned away: after the retries each document is there once", async () => {
  await using both = await pair("lost=20%,429=20%,503=10%,reset=10%,429-items=5%", { compression: "gzip" });
  const deliver = async (docs: readonly number[]): Promise<void> => {
    let open = docs;
    for (let attempt = 0; open.length > 0; attempt++) {
      assert.ok(attempt < 100, "not delivered in 100 attempts");
      const report = await both.output.send(TARGET, bodyOf(open), open.length, never);
      if (report.kind === "stored") open = [];
      else if (report.kind === "mixed") open = open.filter((_, i) => report.verdicts[i] === RETRY);
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => deliver(numbers(i * 20, 20))));
  assert.equal(both.sandbox.store.count(TARGET), 400);
});

test("headers, pipeline and require_data_stream go with each request, a token as such", async () => {
  const heads: string[] = [];
  await using server = await listenRaw((socket) =>
    onHead(socket, (head) => {
      heads.push(head);
      // One response for each connection.
      socket.end(httpAnswer(200, '{"version":{"number":"8.19.0"},"errors":false,"items":[]}', { connection: "close" }));
    }),
  );
  const options = { headers: { "x-tenant": "a" }, pipeline: "p/1", requireDataStream: true, auth: { bearer: "t0k3n" } };
  const output = open({ hosts: [server.url], ...options });
  await output.connect(never);
  await output.send(TARGET, bodyOf(numbers(0, 1)), 1, never);
  await output.close();
  for (const head of heads) assert.match(head, /authorization: Bearer t0k3n/i);
  for (const head of heads) assert.match(head, /x-tenant: a/i);
  assert.match(heads.at(-1) ?? "", /_bulk\?filter_path=\S+&pipeline=p%2F1&require_data_stream=true/);
});

/** Two hosts on a clock that stands still, of which the first refuses every request. */
async function beside(misdeed: Misdeed): Promise<{ ready: Output; bad: HostileServer; good: HostileServer }> {
  const bad = await HostileServer.start({ whole: () => misdeed });
  const good = await HostileServer.start();
  const options = outputOptions({ hosts: [bad.url, good.url] });
  return { ready: createElasticsearchOutput(options, { clock: new ManualClock(), log: silentLog }), bad, good };
}

for (const [name, misdeed] of [
  ["401", { status: 401, body: { error: { type: "security_exception", reason: "no" } } }],
  ["a page with 403", { status: 403, body: "<html>", headers: { "content-type": "text/html" } }],
  ["a page with 200", { status: 200, body: "<html>", headers: { "content-type": "text/html" } }],
  ["429", { status: 429, body: {} }],
  ["500", { status: 500 }],
  ["400", { status: 400, body: { error: { type: "parse_exception", reason: "unexpected" } } }],
] as const)
  test(`one of two hosts that answers ${name} gets no further request for a second`, async () => {
    const { ready, bad, good } = await beside(misdeed);
    await using both = new AsyncDisposableStack();
    for (const server of [bad, good]) both.use(server);
    both.defer(() => ready.close());
    for (let i = 0; i < 10; i++) await ready.send(TARGET, bodyOf([i, 1000 + i]), 2, never);
    assert.deepEqual([bad.requests.length, good.requests.length], [1, 9]);
  });

test("a document that one of two hosts cannot read goes to the other at once, and is doubtful only if that refuses it too", async () => {
  const { ready, bad, good } = await beside({
    status: 400,
    body: { error: { type: "parse_exception", reason: "no" } },
  });
  await using both = new AsyncDisposableStack();
  for (const server of [bad, good]) both.use(server);
  both.defer(() => ready.close());
  assert.deepEqual(await ready.send(TARGET, bodyOf([1]), 1, never), { kind: "stored" });
  assert.equal(bad.requests.length, 1);
  good.does.whole = () => ({ status: 400, body: { error: { type: "parse_exception", reason: "no" } } });
  const otherHost = async (...docs: number[]): Promise<unknown> => {
    const report = await ready.send(TARGET, bodyOf(docs), docs.length, never);
    assert.equal(report.kind, "indigestible");
    return "otherHost" in report ? report.otherHost : undefined;
  };
  assert.equal(await otherHost(2), undefined, "both have refused it");
  await otherHost(3, 4);
  assert.equal(await otherHost(5), "silent", "the host that refused several documents is not asked now");
});

test("of several hosts, the one whose answer fails a whole request is named", async () => {
  for (const status of [401, 403, 404, 429, 500]) {
    const serve = (socket: Socket): void =>
      void socket.on("data", () =>
        socket.write(httpAnswer(status, '{"error":{"type":"some_exception","reason":"no"}}')),
      );
    await using one = await listenRaw(serve);
    await using other = await listenRaw(serve);
    const hosts = [one.url, other.url];
    const output = open({ hosts });
    for (const url of hosts) {
      const report = await output.send(TARGET, bodyOf([1]), 1, never);
      assert.ok("why" in report && report.why.startsWith(`${new URL(url).host}: the server answers ${status}`), url);
    }
    await output.close();
  }
});
