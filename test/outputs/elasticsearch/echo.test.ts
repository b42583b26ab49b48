// Credentials that a server repeats in its errors. A real HTTP server repeats them.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { OutputOptions } from "../../../src/core/options.ts";
import { hidingCredentials } from "../../../src/outputs/elasticsearch/echo.ts";
import { createElasticsearchOutput } from "../../../src/outputs/elasticsearch/output.ts";
import { outputOptions } from "../../helpers/output-options.ts";

const SECRET = "pl4ntedSecretValue";
const BASIC = Buffer.from(`shipper:${SECRET}`).toString("base64");

for (const [name, options] of [
  ["an API key", { auth: { apiKey: SECRET } }],
  ["the key of an id:key", { auth: { apiKey: Buffer.from(`id:${SECRET}`).toString("base64") } }],
  ["a token", { auth: { bearer: SECRET } }],
  ["a password", { auth: { username: "shipper", password: SECRET } }],
  ["a header", { headers: { "x-auth": `Token ${SECRET}` } }],
] as const satisfies readonly (readonly [string, Partial<OutputOptions>])[]) {
  test(`${name} that the server repeats, for the request or for a document, is in no report`, async (t) => {
    let whole = true;
    const server = createServer((request, response) => {
      const { authorization = "", "x-auth": own = "" } = request.headers;
      const reason = `bad [${authorization}${String(own)}], that is [${SECRET}] or [${BASIC}]`;
      const error = { type: "security_exception", reason };
      const items = [{ create: { status: 400, error: { ...error, type: "mapper_parsing_exception" } } }];
      response.writeHead(whole ? 401 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(whole ? { status: 401, error } : { errors: true, items }));
      request.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const output = createElasticsearchOutput(outputOptions({ hosts: [`http://127.0.0.1:${port}`], ...options }), {
      clock: systemClock,
      log: silentLog,
    });
    t.after(() => output.close());
    const body = Buffer.from(`{"create":{}}\n{"message":"x"}\n`);
    for (const kind of ["denied", "mixed"]) {
      const report = await output.send("logs", body, 1, new AbortController().signal);
      assert.equal(report.kind, kind);
      const text = JSON.stringify({ ...report, refusals: "refusals" in report ? [...report.refusals] : [] });
      assert.match(text, /bad \[.*\*\*\*/);
      assert.ok(!text.includes(SECRET), text);
      if ("auth" in options && "password" in options.auth) assert.ok(!text.includes(BASIC), text);
      whole = false;
    }
  });
}

test("a response without them stays the same bytes, and short values are not looked for", () => {
  const hide = hidingCredentials({ auth: { bearer: "a" }, headers: { "x-tenant": "production" } });
  const body = Buffer.from(`{"reason":"a production server"}`);
  assert.equal(hide(body), body);
});
