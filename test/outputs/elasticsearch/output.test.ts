// The output as a whole against the sandbox: what is sent, what comes back, and what is in the store afterwards.
import assert from "node:assert/strict";
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
