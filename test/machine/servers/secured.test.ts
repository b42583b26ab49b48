// Elasticsearch with users, API keys and TLS: an agent through every fault, a key without rights on one of its indices among them,
// a wrong password that is corrected while the agent runs, and what `check --connect` says.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { OutputOptions } from "../../../src/core/options.ts";
import { probe } from "../../../src/outputs/elasticsearch/probe/probe.ts";
import { Workplace } from "../../helpers/agent-process.ts";
import { type Elasticsearch, SECURED, skipWithout, startElasticsearch } from "../../helpers/elasticsearch.ts";
import { Numbered } from "../../helpers/numbered.ts";
import { outputOptions } from "../../helpers/output-options.ts";
import { FAULTS, type Fault, TIGHT, set, shipThrough } from "./faults.ts";

const TLS = new URL("../../fixtures/tls/", import.meta.url).pathname;
const CA = join(TLS, "server.pem");
const USER = "admin";
const PASSWORD = "right-password";
const FILES = {
  "http.pem": readFileSync(CA, "utf8"),
  "http.key": readFileSync(join(TLS, "server.key"), "utf8"),
  // Made by the server's own Hasher.BCRYPT4 from the password above.
  users: `${USER}:$2a$04$pcj3Q1Y.9yE26xswN9doRuz7cTr0WOV50fEQEb34Wv8yT0L8OsHnO\n`,
  users_roles: `superuser:${USER}\n`,
};
const LINES = 500;

interface Key {
  readonly id: string;
  readonly encoded: string;
}

describe(`Elasticsearch ${SECURED}`, { skip: skipWithout(SECURED) }, () => {
  let server: Elasticsearch;
  before(async () => {
    const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
    const access = { authorization, ca: FILES["http.pem"] };
    server = await startElasticsearch(SECURED, { settings: TIGHT, files: FILES, access });
  });
  after(() => server?.stop());

  /** What a key may do: the privileges that docs/start.md names, on these indices. */
  function rights(...names: readonly string[]): object {
    const index = [{ names, privileges: ["create_doc", "auto_configure"] }];
    return { role_descriptors: { shipper: { cluster: ["monitor"], index } } };
  }

  async function key(...names: readonly string[]): Promise<Key> {
    const { status, body } = await server.request("POST", "/_security/api_key", {
      name: "shipper",
      ...rights(...names),
    });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  test("numbered lines are stored once each, through every fault, and through missing rights on one index", async (t) => {
    const allowed = ["healthy", "queue", "large", "power", ...FAULTS.map(({ name }) => name)];
    const { id, encoded } = await key(...allowed);
    const missingRights: Fault = {
      name: "missing-rights",
      begin: () => Promise.resolve(),
      end: () => set(server, `/_security/api_key/${id}`, rights(...allowed, "missing-rights")),
      says: /403 security_exception.*create_doc and auto_configure/,
    };
    await shipThrough(t, server, [...FAULTS, missingRights], { auth: { api_key: encoded }, tls: { ca: CA } });
  });

  test("a wrong password is said, and once its file has the right one, all that waited is stored once", async (t) => {
    const place = new Workplace();
    t.after(() => place.remove());
    const secret = join(place.root, "password");
    writeFileSync(secret, "wrong-password");
    const auth = { username: USER, password: `\${file:${secret}}` };
    place.configure(server.url, { output: { index: "passworded", auth, tls: { ca: CA }, batch: { age: "50ms" } } });
    const log = new Numbered();
    log.append(join(place.logs, "a.log"), LINES);
    const agent = place.run();
    assert.match((await agent.hears("output_down")).msg, /401.*output\.auth/);
    await agent.until("all is read", ({ ledger }) => ledger.read.records === LINES);
    assert.equal(await server.count("passworded"), 0);
    writeFileSync(secret, PASSWORD);
    await agent.until("all is stored", ({ ledger }) => ledger.delivered.records === LINES);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    assert.equal(await server.count("passworded"), LINES);
    assert.deepEqual(agent.heard("output_down").length, 1);
  });

  test("check --connect says which step fails", async () => {
    const { encoded } = await key("mine");
    const tls = { ca: CA, cert: undefined, key: undefined, passphrase: undefined, verify: true };
    const failed = async (different: Partial<OutputOptions>): Promise<readonly string[]> => {
      const reports: string[] = [];
      const options = outputOptions({ hosts: [server.url], tls, ...different });
      for await (const { step, ok } of probe(options, ["mine", "theirs"], systemClock)) if (!ok) reports.push(step);
      return reports;
    };
    assert.deepEqual(await failed({ auth: { username: USER, password: PASSWORD } }), []);
    assert.deepEqual(await failed({ auth: { username: USER, password: "wrong" } }), ["credentials"]);
    assert.deepEqual(await failed({ auth: undefined }), ["credentials"]);
    assert.deepEqual(await failed({ auth: { apiKey: encoded } }), ["privileges"]);
    assert.deepEqual(await failed({ tls: { ...tls, ca: join(TLS, "renewed.pem") } }), ["tls"]);
    assert.deepEqual(await failed({ hosts: [server.url.replace("https:", "http:")] }), ["server"]);
  });
});
