// Certificates renewed while the agent runs: the server's, the certificate authority's, and the agent's own. That the agent
// notices new files without a signal is tested in test/system/reload.test.ts.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type SecureContextOptions, createServer } from "node:tls";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

const LINES = 500;
const TLS = new URL("../fixtures/tls/", import.meta.url).pathname;

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly numbered: Numbered;
  readonly agent: AgentProcess;
  /** Sets the server's certificate, which is also the only client certificate that it accepts. Cuts open connections. */
  readonly serve: (name: string) => void;
  /** Replaces the CA, the certificate and the key in the files that the agent's configuration names. */
  readonly renew: (name: string) => void;
}

function contextOf(name: string): SecureContextOptions {
  const cert = readFileSync(join(TLS, `${name}.pem`));
  return { cert, key: readFileSync(join(TLS, `${name}.key`)), ca: cert };
}

async function scene(t: TestContext): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const { port } = new URL(server.url);
  const sockets = new Set<Socket>();
  const terminating = createServer({ ...contextOf("server"), requestCert: true }, (from) => {
    const onward = connect(Number(port), "127.0.0.1");
    sockets.add(from).add(onward);
    for (const [one, other] of [
      [from, onward],
      [onward, from],
    ] as const)
      one.pipe(other).on("error", () => one.destroy());
  });
  await new Promise<void>((resolve) => terminating.listen(0, "127.0.0.1", resolve));
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  t.after(async () => {
    terminating.close();
    cut();
    await server.stop();
    place.remove();
  });
  const file = (name: string): string => join(place.root, name);
  const renew = (name: string): void => {
    for (const to of ["ca.pem", "agent.pem"]) copyFileSync(join(TLS, `${name}.pem`), file(to));
    copyFileSync(join(TLS, `${name}.key`), file("agent.key"));
  };
  const serve = (name: string): void => {
    terminating.setSecureContext(contextOf(name));
    cut();
  };
  renew("server");
  const url = `https://127.0.0.1:${(terminating.address() as AddressInfo).port}`;
  const tls = { ca: file("ca.pem"), cert: file("agent.pem"), key: file("agent.key") };
  place.configure(url, { output: { tls, batch: { age: "50ms" } } });
  const numbered = new Numbered();
  const agent = place.run();
  numbered.append(join(place.logs, "a.log"), LINES);
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  return { place, server, numbered, agent, serve, renew };
}

test("a renewed server is not trusted until the agent's files are renewed too, and a SIGHUP takes them over", async (t) => {
  const { place, server, numbered, agent, serve, renew } = await scene(t);
  // Only the certificate, not yet the key: the state in the middle of a renewal.
  copyFileSync(join(TLS, "renewed.pem"), join(place.root, "agent.pem"));
  agent.signal("SIGHUP");
  assert.match((await agent.hears("reload_refused")).msg, /`output\.tls\.key` is not the key/);
  assert.equal((await agent.status())?.output.up, true);
  serve("renewed");
  numbered.append(join(place.logs, "a.log"), LINES);
  assert.match((await agent.hears("output_down")).msg, /certificate/);
  assert.equal(server.documents().length, LINES);
  renew("renewed");
  agent.signal("SIGHUP");
  assert.deepEqual((await agent.hears("reloaded"))["changed"], ["output.tls"]);
  await agent.until("all", ({ ledger }) => ledger.delivered.records + ledger.duplicates.records === 2 * LINES);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  numbered.assertStored(server);
});
