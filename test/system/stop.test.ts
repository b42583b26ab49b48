// How the agent ends, and what must not end it: stops while nothing can be delivered, a second stop signal, a second agent, a
// port in use, servers that refuse, files that are unreadable or do not exist yet.
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { NOBODY, cannotBecomeNobody } from "../helpers/other-user.ts";
import { listenRaw } from "../helpers/raw-server.ts";

const LINES = 2000;

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly numbered: Numbered;
  readonly log: string;
}

async function scene(t: TestContext, sections: Readonly<Record<string, unknown>> = {}, faults = ""): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, { output: { batch: { age: "50ms" } }, ...sections });
  const numbered = new Numbered();
  const log = join(place.logs, "app.log");
  numbered.append(log, LINES);
  return { place, server, numbered, log };
}

describe("a stop while the output is down", () => {
  test("ends within its grace, keeps everything, and the next start delivers it once", async (t) => {
    const { place, server, numbered } = await scene(t, { shutdown: { grace: "1s" } }, "down");
    const agent = place.run();
    assert.match((await agent.hears("ready")).msg, /: 1 input, 1 file, /);
    await agent.until("all read", ({ ledger }) => ledger.read.records === LINES);
    const from = systemClock.now();
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    const took = systemClock.now() - from;
    assert.ok(took < 3000, `${took} ms`);
    assert.match(agent.heard("stopped")[0]?.msg ?? "", /buffered 2,000; balance 0 records, 0 bytes/);
    const { rows, sources } = place.books();
    assert.deepEqual([rows.records, rows.bytes], [LINES, numbered.bytes]);
    assert.equal(sources[0]?.checkpoint, numbered.bytes);

    await server.change(NO_FAULTS);
    const next = place.run();
    await next.until("all delivered", ({ ledger }) => ledger.delivered.records === LINES);
    assert.deepEqual(await next.stop(), { code: 0, signal: null });
    numbered.assertStored(server);
    assert.equal(place.books().rows.records, 0);
  });

  test("a second signal hurries it", async (t) => {
    const { place } = await scene(t, { shutdown: { grace: "60s" } }, "down");
    const agent = place.run();
    await agent.until("all read", ({ ledger }) => ledger.read.records === LINES);
    agent.signal("SIGTERM");
    await agent.hears("stopping");
    await systemClock.sleep(500);
    assert.ok(agent.runs, "one signal was enough");
    const from = systemClock.now();
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    assert.ok(systemClock.now() - from < 3000);
    assert.equal(place.books().rows.records, LINES);
  });
});

describe("what stands in the way of a start", () => {
  test("another agent in the same directory", async (t) => {
    const { place } = await scene(t);
    const first = place.run();
    await first.url();
    const second = place.run();
    assert.deepEqual(await second.exited, { code: 75, signal: null });
    assert.match(second.said.join("\n"), new RegExp(`in use by process ${first.pid}\\b`));
    assert.ok(first.runs);
    await first.stop();
  });

  test("an admin address that is taken", async (t) => {
    await using other = await listenRaw(() => {});
    const { place, server, numbered } = await scene(t, { admin: { listen: `127.0.0.1:${other.port}` } });
    const agent = place.run();
    assert.deepEqual(await agent.exited, { code: 75, signal: null });
    assert.match(agent.said.join("\n"), new RegExp(`127\\.0\\.0\\.1:${other.port}.*in use`));
    // The agent has read nothing yet.
    assert.equal(place.books().sources.length, 0);
    place.configure(server.url);
    const next = place.run("--once");
    assert.deepEqual(await next.exited, { code: 0, signal: null });
    numbered.assertStored(server);
  });
});

test("a start that fails keeps its backlog and ends at once, whatever the grace is", async (t) => {
  await using other = await listenRaw(() => {});
  const { place, server, numbered } = await scene(t, { shutdown: { grace: "0s" } }, "down");
  const first = place.run();
  await first.until("all read", ({ ledger }) => ledger.read.records === LINES);
  await first.stop();
  place.configure(server.url, { admin: { listen: `127.0.0.1:${other.port}` }, shutdown: { grace: "60s" } });
  const from = systemClock.now();
  assert.deepEqual(await place.run().exited, { code: 75, signal: null });
  assert.ok(systemClock.now() - from < 10_000);
  assert.equal(place.books().rows.records, LINES);
  assert.equal(place.books().rows.bytes, numbered.bytes);
});

/** The fault, the log message if the fault exists from the start, and the message if it comes later. */
const REFUSALS: readonly (readonly [string, RegExp, RegExp])[] = [
  ["down", /ECONNREFUSED.*output\.hosts/, /ECONNREFUSED|ECONNRESET|socket/],
  ["html", /text\/html.*output\.hosts/, /text\/html.*output\.hosts/],
  ["401", /401.*output\.auth/, /401.*output\.auth/],
];

describe("a server that refuses", () => {
  for (const [fault, atStart, later] of REFUSALS) {
    test(fault, async (t) => {
      const { place, server, numbered, log } = await scene(t, {}, fault);
      const agent = place.run();
      assert.match((await agent.hears("output_down")).msg, atStart);
      await agent.until("all read", ({ ledger }) => ledger.read.records === LINES);
      await server.change(NO_FAULTS);
      await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === LINES);
      await agent.hears("output_up");

      await server.change(parseFaults(fault));
      numbered.append(log, LINES);
      assert.match((await agent.hears("output_down", 1)).msg, later);
      assert.ok((await agent.status())?.output.last_error);
      await server.change(NO_FAULTS);
      await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === 2 * LINES);
      await agent.hears("output_up", 1);
      assert.equal(agent.heard("output_down").length, 2);
      assert.deepEqual(await agent.stop(), { code: 0, signal: null });
      numbered.assertStored(server);
    });
  }
});

test("a server that loses its answers: sent again, stored once, and nobody is alarmed", async (t) => {
  const { place, server, numbered, log } = await scene(t, {}, "lost=30%");
  const agent = place.run();
  for (let i = 1; i <= 5; i++) {
    await agent.until("all settled", ({ ledger: { delivered, duplicates } }) => {
      return delivered.records + duplicates.records === i * LINES;
    });
    numbered.append(log, LINES);
  }
  await server.change(NO_FAULTS);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  assert.deepEqual(await place.run("--once").exited, { code: 0, signal: null });
  numbered.assertStored(server);
  assert.deepEqual(agent.heard("unexpected_duplicates"), []);
});

describe("files", () => {
  test("one that may not be read does not hold up the others", { skip: cannotBecomeNobody() }, async (t) => {
    const { place, server, numbered, log } = await scene(t);
    const locked = join(place.logs, "locked.log");
    numbered.append(locked, LINES);
    chmodSync(locked, 0o600);
    chmodSync(log, 0o644);
    for (const path of [place.root, place.logs]) chmodSync(path, 0o755);
    mkdirSync(place.state);
    chownSync(place.state, NOBODY, NOBODY);
    const agent = place.runAsNobody();
    const delivered = (count: number): Promise<unknown> =>
      agent.until(`${count} delivered`, ({ ledger }) => ledger.delivered.records === count);
    await delivered(LINES);
    const about = await eventually("a word about the file", () => agent.log.find(({ msg }) => msg.includes(locked)));
    assert.match(about.msg, /EACCES|permission|may not/i);
    chmodSync(locked, 0o644);
    await delivered(2 * LINES);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    numbered.assertStored(server);
  });

  test("a directory that appears later", async (t) => {
    const { place, server, numbered } = await scene(t);
    const later = join(place.root, "later/deep");
    place.configure(server.url, {
      inputs: [{ id: "app", paths: [join(place.logs, "*.log"), join(place.root, "later/**/*.log")] }],
      output: { batch: { age: "50ms" } },
    });
    const agent = place.run();
    await agent.until("the first delivered", ({ ledger }) => ledger.delivered.records === LINES);
    mkdirSync(later, { recursive: true });
    numbered.append(join(later, "new.log"), LINES);
    await agent.until("the new delivered", ({ ledger }) => ledger.delivered.records === 2 * LINES);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    numbered.assertStored(server);
  });
});

test("an agent whose own log is among its files says so", async (t) => {
  const { place } = await scene(t);
  const path = join(place.logs, "spillway.log");
  const script = `exec "$0" "$@" 2>> ${path}`;
  const agent = place.runBelow(["sh", "-c", script]);
  const line = await eventually("a warning in that file", () => {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    return text.split("\n").find((one) => one.includes('"own_log_matched"'));
  });
  assert.match(line, new RegExp(`Input app reads ${path}`));
  await agent.stop();
});
