import assert from "node:assert/strict";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { errorJson, reply } from "../../src/sandbox/reply.ts";

let server: Server;
let url: string;
const LONG = JSON.stringify({ items: "x".repeat(5000) });

before(async () => {
  server = createServer(
    (request, response) => void reply(request, response, 200, request.url === "/long" ? LONG : "{}"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

test("every answer names the product", async () => {
  const response = await fetch(url);
  assert.equal(response.headers.get("x-elastic-product"), "Elasticsearch");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(await response.text(), "{}");
});

test("a long answer is packed for who can unpack it, a short one for nobody", async () => {
  const packed = await fetch(`${url}/long`, { headers: { "accept-encoding": "gzip" } });
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.ok(Number(packed.headers.get("content-length")) < 500);
  assert.equal(await packed.text(), LONG);
  const plain = await fetch(`${url}/long`, { headers: { "accept-encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(await plain.text(), LONG);
  const short = await fetch(url, { headers: { "accept-encoding": "gzip" } });
  assert.equal(short.headers.get("content-encoding"), null);
});

test("HEAD has the length and no body", async () => {
  const response = await fetch(`${url}/long`, { method: "HEAD", headers: { "accept-encoding": "identity" } });
  assert.equal(response.headers.get("content-length"), String(LONG.length));
  assert.equal(await response.text(), "");
});

test("an error reads as the server's", () => {
  assert.deepEqual(JSON.parse(errorJson(429, "busy", "later")), {
    error: { root_cause: [{ type: "busy", reason: "later" }], type: "busy", reason: "later" },
    status: 429,
  });
});
