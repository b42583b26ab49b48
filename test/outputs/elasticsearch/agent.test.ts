import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { SpillwayError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { TlsOptions } from "../../../src/core/options.ts";
import { createAgent, readTls } from "../../../src/outputs/elasticsearch/agent.ts";
import { createElasticsearchOutput } from "../../../src/outputs/elasticsearch/output.ts";
import { outputOptions } from "../../helpers/output-options.ts";
import { listenRaw } from "../../helpers/raw-server.ts";

const CERT = new URL("../../fixtures/tls/server.pem", import.meta.url).pathname;
const KEY = new URL("../../fixtures/tls/server.key", import.meta.url).pathname;
const never = new AbortController().signal;

function tls(different: Partial<TlsOptions>): TlsOptions {
  return { ca: undefined, cert: undefined, key: undefined, passphrase: undefined, verify: true, ...different };
}

async function connectOver(port: number, options: TlsOptions, host = "127.0.0.1"): Promise<string> {
  const hosts = [`https://${host}:${port}`];
  const output = createElasticsearchOutput(outputOptions({ hosts, tls: options }), {
    clock: systemClock,
    log: silentLog,
  });
  try {
    return (await output.connect(never)).name;
  } catch (error) {
    assert.ok(error instanceof SpillwayError);
    return error.code;
  } finally {
    await output.close();
  }
}

async function withServer(options: object, run: (port: number) => Promise<void>): Promise<void> {
  const answer: RequestListener = (_, response) => response.end('{"version":{"number":"9.5.3"}}');
  const server = createServer({ cert: readFileSync(CERT), key: readFileSync(KEY), ...options }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a server of a CA that is named, of one that is not, and under another name", async () => {
  await withServer({}, async (port) => {
    assert.equal(await connectOver(port, tls({ ca: CERT })), "elasticsearch 9.5.3");
    assert.equal(await connectOver(port, tls({})), "output-tls");
    assert.equal(await connectOver(port, tls({ verify: false })), "elasticsearch 9.5.3");
    assert.equal(await connectOver(port, tls({ ca: CERT }), "127.0.0.1.nip.invalid"), "output-resolve");
  });
});

test("a server that wants to see a certificate of ours", async () => {
  const options = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(CERT) };
  await withServer(options, async (port) => {
    assert.equal(await connectOver(port, tls({ ca: CERT, cert: CERT, key: KEY })), "elasticsearch 9.5.3");
    assert.notEqual(await connectOver(port, tls({ ca: CERT })), "elasticsearch 9.5.3");
  });
});

/** The options that an HTTP agent passes to each connection. */
function optionsOf(agent: unknown): { readonly ca?: string[] | Buffer } {
  return (agent as { readonly options: { readonly ca?: string[] | Buffer } }).options;
}

test("without an authority those of the system are trusted beside those of Node", () => {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  const parts = { clock: systemClock, connectTimeout: 1000 };
  const own = optionsOf(createAgent("https:", readTls(tls({})), parts));
  assert.ok(getCACertificates("default").every((one) => (own.ca as string[]).includes(one)));
  assert.ok(getCACertificates("system").every((one) => (own.ca as string[]).includes(one)));
  const named = optionsOf(createAgent("https:", readTls(tls({ ca: CERT })), parts));
  assert.deepEqual(named.ca, readFileSync(CERT), "one that is named is trusted alone");
});

test("https to a port that speaks plain HTTP", async () => {
  await using server = await listenRaw((socket) => socket.on("data", () => socket.end("HTTP/1.1 400 X\r\n\r\n")));
  assert.equal(await connectOver(server.port, tls({})), "output-tls");
});

test("a file that cannot be read is named with its setting", () => {
  assert.throws(
    () => readTls(tls({ ca: "/nowhere/ca.pem" })),
    (error) =>
      error instanceof SpillwayError &&
      error.code === "output-tls-file" &&
      /output\.tls\.ca: \/nowhere/.test(error.message),
  );
});
