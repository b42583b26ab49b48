// A real agent, stopped or running, whose state directory is damaged. Readable rows are delivered once, under their old ids.
// Lines still in a log file are read again. The rest is counted and listed as lost. No operator has to do anything.
import assert from "node:assert/strict";
import { appendFileSync, closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { openForWriting } from "../../src/buffer/spool/database.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { writeBacklog } from "../helpers/backlog.ts";
import { pagesOf, wreck } from "../helpers/damage.ts";
import { RandomLines } from "../helpers/random-lines.ts";
import { SmallDisk } from "../helpers/small-disk.ts";

const LINES = 12_000;

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly lines: RandomLines;
  readonly log: string;
}

/** Starts an agent, and waits until every line is in a row. */
async function spilled(t: TestContext): Promise<Scene & { readonly agent: AgentProcess }> {
  const server = await startSandbox({ keep: "documents" }, systemClock);
  await server.change(parseFaults("down"));
  const place = new Workplace();
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, { shutdown: { grace: "100ms" } });
  const log = join(place.logs, "a.log");
  const lines = new RandomLines();
  lines.append(log, LINES);
  const agent = place.run();
  await agent.until("spill", ({ buffer }) => buffer.mode === "spill", 60_000);
  await eventually("every line in a row", () => place.books().rows.records === LINES, 60_000);
  return { place, server, lines, log, agent };
}

async function stopped(t: TestContext): Promise<Scene> {
  const { agent, ...scene } = await spilled(t);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  return scene;
}

async function deliver({ place, server }: Scene, agent: AgentProcess): Promise<number> {
  await server.change(NO_FAULTS);
  const { ledger } = await agent.until(
    "nothing waits",
    ({ ledger, buffer }) => ledger.buffered.records === 0 && ledger.read.records >= LINES && buffer.mode === "memory",
    60_000,
  );
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  const lost = ledger.dropped.corrupt.records;
  assert.equal(place.books().losses.records, lost, "what is lost is listed");
  assert.deepEqual(agent.heard("unexpected_duplicates"), []);
  return lost;
}

function change(state: string, sql: string): void {
  const { db, lock } = openForWriting(state);
  db.exec(sql);
  for (const one of [db, lock]) one.close();
}

// The tests mostly wait, so they run concurrently.
describe("a damaged state directory", { concurrency: 2 }, () => {
  test("damaged bodies whose file is still there: read again from it, nothing is lost, nothing doubled", async (t) => {
    const scene = await stopped(t);
    const pages = pagesOf(scene.place.state, "bodies", "overflow");
    for (const page of [0, 20, 40, 60]) wreck(scene.place.state, pages[page] as number);
    const agent = scene.place.run();
    await agent.hears("ready");
    assert.equal(await deliver(scene, agent), 0);
    assert.equal(agent.heard("records_reread").length, 1, agent.story());
    scene.lines.assertStored(scene.server);
  });

  for (const [what, sql] of [
    ["a row with a flipped sign", "UPDATE heads SET length = -length WHERE seq = (SELECT max(seq) FROM heads) / 2"],
    ["rows whose source is gone", "DELETE FROM sources"],
    ["a row with a record more", "UPDATE heads SET records = records + 1 WHERE seq = (SELECT min(seq) FROM heads)"],
    [
      "a row with the block of others",
      "UPDATE heads SET block = (SELECT max(id) FROM blocks) WHERE seq = (SELECT min(seq) FROM heads)",
    ],
    ["no sums", "DELETE FROM totals"],
    ["a block with a row more", "UPDATE blocks SET live = live + 1 WHERE id = (SELECT max(id) FROM blocks)"],
    ["a block without a row", "UPDATE blocks SET live = 0 WHERE id = (SELECT max(id) FROM blocks)"],
  ] as const)
    test(`${what}: the agent salvages by itself, and every line arrives once`, async (t) => {
      const scene = await stopped(t);
      change(scene.place.state, sql);
      // Wrong numbers of a block are found when its rows have ended.
      if (sql.includes("blocks")) await scene.server.change(NO_FAULTS);
      const agent = scene.place.run();
      await agent.hears("state_salvaged");
      await deliver(scene, agent);
      scene.lines.assertStored(scene.server);
    });

  test("a row that is wrong in a way that nobody foresaw: the process ends, so that it is started again", async (t) => {
    const scene = await stopped(t);
    change(scene.place.state, "UPDATE envelopes SET fields = 'null'");
    await scene.server.change(NO_FAULTS);
    const agent = scene.place.run();
    assert.deepEqual(await agent.exited, { code: 1, signal: null });
    assert.match(agent.story(), /BUG: /);
  });

  test("damaged bodies whose file is gone: they alone are lost, by range, and the rest is delivered", async (t) => {
    const scene = await stopped(t);
    rmSync(scene.log);
    wreck(scene.place.state, pagesOf(scene.place.state, "bodies", "overflow")[7] as number);
    const agent = scene.place.run();
    await agent.hears("ready");
    const lost = await deliver(scene, agent);
    assert.ok(lost > 0 && lost < LINES / 4, `${lost}`);
    const stored = scene.lines.stored(scene.server).reduce((sum, times) => sum + times, 0);
    assert.equal(stored, LINES - lost);
    assert.equal(agent.heard("records_corrupt").length, 1);
  });

  test("a page of the index that is damaged below a running agent: it begins anew, salvages, and goes on by itself", async (t) => {
    const { agent, ...scene } = await spilled(t);
    await agent.kill();
    wreck(scene.place.state, pagesOf(scene.place.state, "heads", "leaf")[0] as number);
    const next = scene.place.run();
    await next.hears("ready");
    await scene.server.change(NO_FAULTS);
    await next.hears("state_damaged");
    const { msg } = await next.hears("state_salvaged");
    assert.match(msg, /^the state database was damaged: /);
    await next.hears("ready", 1);
    const lost = await deliver(scene, next);
    const stored = scene.lines.stored(scene.server).reduce((sum, times) => sum + Math.min(1, times), 0);
    assert.ok(stored >= LINES - lost, `${stored} stored, ${lost} lost`);
  });

  test("a database that cannot be opened: every row is there, once", async (t) => {
    const scene = await stopped(t);
    wreck(scene.place.state, 1);
    const agent = scene.place.run();
    await agent.hears("state_salvaged");
    await agent.hears("ready");
    assert.equal(await deliver(scene, agent), 0);
    scene.lines.assertStored(scene.server);
  });
});

interface FullScene {
  readonly place: Workplace;
  readonly disk: SmallDisk;
  readonly state: string;
  readonly records: number;
}

/** A backlog of a file that is gone, on a disk of its own. Undefined if nothing can be mounted here. */
async function onSmallDisk(t: TestContext): Promise<FullScene | undefined> {
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const place = new Workplace();
  const disk = SmallDisk.mount("tmpfs", 32, join(place.root, "disk"));
  t.after(async () => {
    await server.stop();
    disk?.[Symbol.dispose]();
    place.remove();
  });
  if (!disk) {
    t.skip("nothing can be mounted here");
    return undefined;
  }
  const state = join(disk.path, "state");
  place.configure(server.url, { buffer: { path: state, disk: "16MiB" }, output: { batch: { age: "50ms" } } });
  const inputs = [{ input: "app", policy: "default", target: "logs", paths: [join(place.logs, "gone.log")] }];
  const { records } = writeBacklog(state, { inputs, rows: 4000, bytes: 500 });
  rmSync(join(state, "reserve"), { force: true });
  return { place, disk, state, records };
}

test("a damaged page of the index without room for a second database: the other rows and new lines are delivered, the rest when there is room", async (t) => {
  const scene = await onSmallDisk(t);
  if (!scene) return;
  const { place, disk, state, records } = scene;
  const leaves = pagesOf(state, "heads", "leaf");
  wreck(state, leaves[Math.floor(leaves.length / 2)] as number);
  disk.fill(600 * 1024);
  const agent = place.run();
  const { msg } = await agent.hears("row_unreadable");
  assert.match(msg, /free .* on its disk: what can be read is then moved into a fresh database/);
  appendFileSync(join(place.logs, "new.log"), "new\n".repeat(100));
  const most = records * (1 - 2 / leaves.length);
  const { ledger } = await agent.until("the others", ({ ledger }) => ledger.delivered.records > most + 100);
  assert.equal(ledger.dropped.corrupt.records, 0, "what cannot be read waits");
  assert.deepEqual([agent.heard("state_damaged"), agent.runs], [[], true], agent.story());
  disk.clear();
  await agent.hears("state_salvaged");
  const { ledger: after } = await agent.until("nothing waits", (s) => s.ledger.buffered.records === 0);
  assert.ok(after.dropped.corrupt.records > 0);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
  assert.deepEqual(agent.heard("unexpected_duplicates"), []);
});

for (const [what, damage] of [
  ["a page of the sums", (state: string): void => wreck(state, pagesOf(state, "totals", "leaf")[0] as number)],
  [
    "a ledger that does not balance",
    (state: string): void => change(state, "UPDATE ledger SET records = records + 64"),
  ],
  ["a header with a flipped bit", (state: string): void => flipVersion(state)],
] as const)
  test(`${what}, found at a start without room for a second database: every row and new lines are delivered, and it is salvaged when there is room`, async (t) => {
    const scene = await onSmallDisk(t);
    if (!scene) return;
    const { place, disk, state, records } = scene;
    damage(state);
    disk.fill(600 * 1024);
    const agent = place.run();
    const { msg } = await agent.hears("state_unsalvaged");
    assert.match(msg, /; free .* on its disk: what can be read is then moved into a fresh database$/);
    appendFileSync(join(place.logs, "new.log"), "new\n".repeat(100));
    await agent.until("everything", ({ ledger }) => ledger.delivered.records >= records + 100, 60_000);
    assert.deepEqual([agent.heard("state_salvaged"), agent.runs], [[], true], agent.story());
    disk.clear();
    await agent.hears("state_salvaged");
    await agent.until("memory", ({ buffer, ledger }) => buffer.mode === "memory" && ledger.buffered.records === 0);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null }, agent.story());
    assert.deepEqual(agent.heard("unexpected_duplicates"), []);
    assert.deepEqual(place.books(state).violations, []);
  });

function flipVersion(state: string): void {
  const fd = openSync(join(state, "state.db"), "r+");
  const version = 60;
  writeSync(fd, Uint8Array.of(0, 0, 1, 4), 0, 4, version);
  closeSync(fd);
}
