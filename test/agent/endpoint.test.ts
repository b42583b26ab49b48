import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Endpoint } from "../../src/agent/endpoint.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { text } from "../../src/ops/admin/router.ts";

/** Either the connection is refused, or a kept-alive connection of an earlier request is reset. */
const GONE = new Set<string | undefined>(["ECONNREFUSED", "ECONNRESET"]);

const LOCAL = { host: "127.0.0.1", port: 0 };

function endpoint(t: TestContext): Endpoint {
  const routes = new Map([["/", { cost: "none", answer: () => text(200, "here") } as const]]);
  const one = new Endpoint(routes, systemClock, silentLog);
  t.after(() => one.close());
  return one;
}

async function ask(url: string | undefined, host = "localhost"): Promise<number> {
  const { request } = process.getBuiltinModule("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(url as string, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode as number);
    });
    asked.on("error", reject).end();
  });
}

test("the same options leave it where it is; off is off", async (t) => {
  const one = endpoint(t);
  await one.open({ listen: "off", hosts: [] });
  assert.equal(one.url, undefined);
  await one.open({ listen: LOCAL, hosts: [] });
  const { url } = one;
  await one.open({ listen: LOCAL, hosts: [] });
  assert.equal(one.url, url);
  assert.equal(await ask(url), 200);
  await one.open({ listen: "off", hosts: [] });
  await assert.rejects(ask(url), ({ code }: NodeJS.ErrnoException) => GONE.has(code));
});

test("other hosts are allowed without another socket", async (t) => {
  const one = endpoint(t);
  await one.open({ listen: LOCAL, hosts: [] });
  const { url } = one;
  assert.equal(await ask(url, "logs.example"), 403);
  await one.open({ listen: LOCAL, hosts: ["logs.example"] });
  assert.equal(one.url, url);
  assert.equal(await ask(url, "logs.example"), 200);
  await one.open({ listen: LOCAL, hosts: [] });
  assert.equal(await ask(url, "logs.example"), 403);
});

test("an address that is taken leaves it where it was, and the next one is tried", async (t) => {
  const one = endpoint(t);
  await one.open({ listen: LOCAL, hosts: [] });
  const { url } = one;
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(one.open({ listen: { host: "127.0.0.1", port }, hosts: [] }), { code: "admin-port-in-use" });
  assert.equal(await ask(url), 200);
  await one.open({ listen: { host: "127.0.0.2", port: 0 }, hosts: [] });
  assert.match(one.url ?? "", /127\.0\.0\.2/);
  assert.equal(await ask(one.url), 200);
  await assert.rejects(ask(url), { code: "ECONNREFUSED" });
});

test("another address at the same port is had, and the old one again when it cannot be", async (t) => {
  const one = endpoint(t);
  await one.open({ listen: LOCAL, hosts: [] });
  const { url } = one;
  const port = Number(new URL(url ?? "").port);
  await assert.rejects(one.open({ listen: { host: "192.0.2.1", port }, hosts: [] }), { code: "admin-listen-failed" });
  assert.equal(one.url, url);
  assert.equal(await ask(url), 200);
  await one.open({ listen: { host: "0.0.0.0", port }, hosts: [] });
  assert.equal(one.url, `http://0.0.0.0:${port}/`);
  assert.equal(await ask(`http://127.0.0.2:${port}/`), 200);
});
