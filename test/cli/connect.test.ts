// `check --connect` against real servers: each step is ticked, the first that fails ends a host's steps.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { dial } from "../../src/cli/connect.ts";
import type { StepReport } from "../../src/cli/connect.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { outputOptions } from "../helpers/output-options.ts";

const CERT = new URL("../fixtures/tls/server.pem", import.meta.url).pathname;
const KEY = new URL("../fixtures/tls/server.key", import.meta.url).pathname;
const elastic: RequestListener = (_, response) => response.end('{"version":{"number":"9.1.0"}}');

async function listening<T>(server: Server, run: (port: number) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await run((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function steps(different: Partial<OutputOptions>): Promise<readonly string[]> {
  const reports: StepReport[] = [];
  for await (const report of dial(outputOptions(different), systemClock)) reports.push(report);
  for (const { ms } of reports) assert.ok(ms >= 0);
  return reports.map(({ step, ok, what }) => `${step} ${ok ? "ok" : "failed"}: ${what.replaceAll(/:\d+/g, ":PORT")}`);
}

test("http: resolve, connect, server", async () => {
  await listening(createHttp(elastic), async (port) => {
    assert.deepEqual(
      await steps({ hosts: [`http://localhost:${port}`] }).then((all) => all.at(-1)),
      "server ok: elasticsearch 9.1.0",
    );
    const auth = { apiKey: "k" };
    const [, , last] = await steps({ hosts: [`http://127.0.0.1:${port}`], auth });
    assert.equal(last, "server ok: elasticsearch 9.1.0 took the credentials");
  });
});

test("a server that is none, and one that does not know the credentials", async () => {
  const html: RequestListener = (_, response) => response.setHeader("content-type", "text/html").end("<html>");
  const denied: RequestListener = (_, response) => response.writeHead(401).end("{}");
  for (const [answer, why] of [
    [html, /^server failed: .*names no version$/],
    [denied, /^server failed: .*401$/],
  ] as const) {
    await listening(createHttp(answer), async (port) => {
      assert.match((await steps({ hosts: [`http://127.0.0.1:${port}`] })).at(-1) ?? "", why);
    });
  }
});

test("tls: an authority that is trusted, one that is not, one that is not looked at", async () => {
  const server = createHttps({ cert: readFileSync(CERT), key: readFileSync(KEY) }, elastic);
  await listening(server, async (port) => {
    const hosts = [`https://127.0.0.1:${port}`];
    const tls = { ca: undefined, cert: undefined, key: undefined, verify: true };
    assert.deepEqual((await steps({ hosts, tls: { ...tls, ca: CERT } })).slice(2), [
      "tls ok: the certificate is good",
      "server ok: elasticsearch 9.1.0",
    ]);
    const untrusted = await steps({ hosts, tls });
    assert.equal(untrusted.length, 3);
    assert.match(untrusted[2] ?? "", /^tls failed: .*self.signed/i);
    assert.equal(
      (await steps({ hosts, tls: { ...tls, verify: false } }))[2],
      "tls ok: the certificate was not checked",
    );
  });
});

test("each host has steps of its own, the first that fails ends them", async () => {
  const port = await listening(createHttp(elastic), async (free) => free);
  const found = await steps({ hosts: ["http://nowhere.invalid:9200", `http://127.0.0.1:${port}`] });
  assert.deepEqual(
    found.map((line) => line.split(":")[0]),
    ["resolve failed", "resolve ok", "connect failed"],
  );
});
