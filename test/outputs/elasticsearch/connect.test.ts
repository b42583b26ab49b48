import assert from "node:assert/strict";
import { test } from "node:test";
import { SpillwayError } from "../../../src/core/errors.ts";
import { failure, identify, reachedBy, stepOf } from "../../../src/outputs/elasticsearch/connect.ts";

function root(json: unknown, headers: Record<string, string> = {}, status = 200): ReturnType<typeof identify> {
  return identify(status, { "content-type": "application/json", ...headers }, Buffer.from(JSON.stringify(json)));
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SpillwayError && error.hint !== undefined && error.exit === 75);
    return error.code;
  }
  return "none";
}

const servers: readonly [number: string, hidesSource: boolean][] = [
  ["7.17.29", false],
  ["8.0.0", false],
  ["8.17.9", false],
  ["8.18.0", true],
  ["8.19.21", true],
  ["9.5.3", true],
  ["10.0.0-SNAPSHOT", true],
];
for (const [number, hidesSource] of servers) {
  test(`elasticsearch ${number} is recognised`, () => {
    const server = root({ version: { number } }, { "x-elastic-product": "Elasticsearch" });
    assert.deepEqual(server, { name: `elasticsearch ${number}`, hidesSource, hasIndices: true });
  });
}

test("OpenSearch is recognised, also where it pretends to be Elasticsearch 7.10", () => {
  const plain = { version: { distribution: "opensearch", number: "3.8.0" } };
  assert.deepEqual(root(plain), { name: "opensearch 3.8.0", hidesSource: false, hasIndices: true });
  const pretending = { version: { number: "7.10.2" }, tagline: "The OpenSearch Project: https://opensearch.org/" };
  assert.deepEqual(root(pretending), { name: "opensearch 7.10.2", hidesSource: false, hasIndices: true });
});

test("VictoriaLogs is recognised although it poses as Elasticsearch, and has no indices", () => {
  const headers = { "x-elastic-product": "Elasticsearch", "x-server-hostname": "logs1" };
  const server = { name: "victorialogs", hidesSource: false, hasIndices: false };
  assert.deepEqual(root({ version: { number: "8.9.0" } }, headers), server);
  // A proxy may add such a header.
  const real = { version: { number: "8.9.0" }, tagline: "You Know, for Search" };
  assert.equal(root(real, headers).name, "elasticsearch 8.9.0");
});

test("a key that may only write is good enough", () => {
  const answer = { error: { type: "security_exception", reason: "cluster:monitor/main is unauthorized" } };
  assert.deepEqual(root(answer, { "x-elastic-product": "Elasticsearch" }, 403), {
    name: "elasticsearch",
    hidesSource: false,
    hasIndices: true,
  });
});

test("each wrong answer names its step", () => {
  assert.equal(
    codeOf(() => root({ error: {} }, {}, 401)),
    "output-authenticate",
  );
  assert.equal(
    codeOf(() => identify(403, {}, Buffer.from("<html>"))),
    "output-authenticate",
  );
  assert.equal(
    codeOf(() => identify(200, { "content-type": "text/html" }, Buffer.from("<html>"))),
    "output-version",
  );
  assert.equal(
    codeOf(() => root({ name: "something" })),
    "output-version",
  );
  assert.equal(
    codeOf(() => root({}, {}, 502)),
    "output-version",
  );
  assert.equal(
    codeOf(() => root({ version: { number: "6.8.23" } })),
    "output-version",
  );
  assert.equal(
    codeOf(() => root({ version: { number: "7.16.3" } })),
    "output-version",
  );
});

test("a failure of the connection names its step", () => {
  const cases: readonly [message: string, step: string, reached: string][] = [
    ["nohost:9200: getaddrinfo ENOTFOUND nohost", "resolve", "nobody"],
    ["x: getaddrinfo EAI_AGAIN x", "resolve", "nobody"],
    ["x: connect ECONNREFUSED 127.0.0.1:1", "connect", "nobody"],
    ["x: connect EHOSTUNREACH 10.0.0.1:9200", "connect", "nobody"],
    ["no answer within 90 s", "connect", "perhaps"],
    ["x: socket hang up (ECONNRESET)", "connect", "perhaps"],
    ["x: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)", "tls", "nobody"],
    ["x: certificate has expired (CERT_HAS_EXPIRED)", "tls", "nobody"],
    ["x: Hostname/IP does not match certificate's altnames (ERR_TLS_CERT_ALTNAME_INVALID)", "tls", "nobody"],
    ["x: unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)", "tls", "nobody"],
    ["x: write EPROTO error:0A00010B:SSL routines::wrong version number", "tls", "nobody"],
  ];
  for (const [message, step, reached] of cases) {
    assert.equal(stepOf(message), step, message);
    assert.equal(reachedBy(message), reached, message);
    assert.equal(failure(new Error(message)).code, `output-${step}`);
    const code = /\b[A-Z]+_?[A-Z_]{4,}\b/.exec(message)?.[0] ?? "";
    assert.ok(failure(new Error(`h:1: ${message}`)).message.includes("h:1: "), "the host stays");
    assert.ok(failure(new Error(message)).message.includes(code), "the system's code stays");
    assert.doesNotMatch(failure(new Error(message)).message, /SSL routines|use-system-ca/);
  }
});
