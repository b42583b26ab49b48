// The spool with its worker thread: calls are answered in order, and a thread that dies is replaced.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { openForReading, openForWriting } from "../../../src/buffer/spool/database.ts";
import { HEAD, headAt } from "../../../src/buffer/spool/rows/heads.ts";
import type { Shedding, Transaction } from "../../../src/buffer/spool/spool.ts";
import { SqliteSpool } from "../../../src/buffer/spool/sqlite-spool.ts";
import { LOADED } from "../../../src/buffer/spool/spool.ts";
import { Arena } from "../../../src/core/arena.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { DROPPED_OLDEST } from "../../../src/core/fate.ts";
import { silentLog } from "../../../src/core/log.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { NOTHING, adding, headsOf, noise, pairs, source } from "./rows.ts";

interface Opened {
  readonly spool: SqliteSpool;
  readonly recovered: Awaited<ReturnType<typeof SqliteSpool.open>>["recovered"];
  readonly arena: Arena;
  readonly said: string[];
}

async function open(t: TestContext, directory = temporary(t)): Promise<Opened & { readonly directory: string }> {
  const arena = new Arena(16 << 20);
  const said: string[] = [];
  const say = (event: string, message: string): void => void said.push(`${event}: ${message}`);
  const options = { directory, deadLetters: 1 << 20, disk: 1 << 30 };
  const log = { ...silentLog, info: say, error: say };
  const opened = await SqliteSpool.open({ options, memory: arena.memory.buffer, clock: fastClock(20), log });
  t.after(async () => {
    Object.assign(opened.spool, { closed: true });
    await threadOf(opened.spool)?.terminate();
  });
  return { ...opened, arena, said, directory };
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-spool-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The spool's worker thread, a private member. */
const threadOf = (spool: SqliteSpool): Worker | undefined => (spool as unknown as { worker?: Worker }).worker;

function look(directory: string, sql: string): unknown[] {
  const db = openForReading(directory);
  assert.ok(db);
  const found = db.prepare(sql).raw().all();
  db.close();
  return found;
}

function sound(directory: string): void {
  const db = openForReading(directory);
  assert.ok(db);
  assert.deepEqual(inspect(db).violations, []);
  db.close();
}

const oldest = (bytes: number): Shedding => ({
  ...{
    queue: 1,
    after: 0,
    except: [],
    fate: DROPPED_OLDEST,
    certainFrom: 0,
    atMs: 1,
    choice: { order: "oldest", bytes },
  },
});

test("rows go out of the arena and come back into it", async (t) => {
  const { spool, arena, recovered } = await open(t);
  assert.deepEqual([recovered.queues, recovered.meta], [[], undefined]);
  const transaction = adding(arena, [{ seq: 1, data: noise(1000), table: "table".padEnd(24), actions: "actions" }]);
  const { blocks, room } = await spool.commit(transaction);
  assert.deepEqual([blocks[0], blocks[1]], [1, 1]);
  assert.ok(room.size > 0);
  const { heads, envelopes } = await spool.heads(1, 0, 10);
  assert.equal(envelopes[0]?.path, "/x.log");
  const target = headsOf(arena, [{ seq: 1, data: "?".repeat(1000), table: "?".repeat(24), actions: "???????" }]);
  headAt(target, 0)[HEAD.at] = headAt(heads, 0)[HEAD.at] as number;
  assert.deepEqual([...(await spool.load(1, target))], [LOADED]);
  const h = headAt(target, 0);
  const text = (at: number, length: number): Buffer =>
    Buffer.from(arena.bytes.subarray(h[at], (h[at] as number) + length));
  assert.deepEqual(new Uint8Array(text(HEAD.data, 1000)), noise(1000));
  assert.deepEqual(
    [text(HEAD.table, 24).toString(), text(HEAD.actions, 7).toString()],
    ["table".padEnd(24), "actions"],
  );
  assert.equal((await spool.survey()).oldest[0], 1);
  assert.deepEqual(
    (await spool.shed(oldest(1))).inputs.map(({ chunks }) => chunks),
    [1],
  );
  await spool.close();
});

test("sources come page by page, however many there are", async (t) => {
  const { spool, directory } = await open(t);
  for (let n = 0; n < 11; n++) {
    const sources = Array.from({ length: 1000 }, (_, i) => source(1000 * n + i + 1));
    await spool.commit({ ...NOTHING, sources });
  }
  await spool.close();
  const again = await open(t, directory);
  const pages: number[] = [];
  for await (const page of again.spool.sources()) pages.push(page.length);
  assert.deepEqual([pages, again.recovered.nextSource], [[5000, 5000, 1000], 11_001]);
  await again.spool.close();
});

test("what SQLite says comes back as an error, and the next call is carried out", async (t) => {
  const { spool, arena } = await open(t);
  const transaction = adding(arena, [{ seq: 1, data: "x" }]);
  await assert.rejects(spool.commit({ ...transaction, sources: [] }), { code: "bug", message: /^BUG: row 1 without/ });
  assert.equal((await spool.commit(transaction)).blocks.length, 3);
  await spool.close();
});

test("a directory that another has, or that is of another program, is refused with its sentence", async (t) => {
  const first = await open(t);
  const mine = new RegExp(`in use by process ${process.pid}$`);
  await assert.rejects(open(t, first.directory), { code: "state-locked", exit: 75, message: mine });
  await first.spool.close();
  const { db, lock } = openForWriting(first.directory);
  db.exec("PRAGMA application_id = 1; ALTER TABLE heads RENAME TO things");
  for (const one of [db, lock]) one.close();
  await assert.rejects(open(t, first.directory), { code: "state-foreign", exit: 78, hint: /./ });
});

test("a thread that dies is replaced, and what it had not answered is asked again", async (t) => {
  const { spool, arena, said, directory } = await open(t);
  await spool.commit(adding(arena, [{ seq: 1, data: "x" }]));
  await threadOf(spool)?.terminate();
  await eventually("the thread is missed", () => said.length > 0);
  assert.match(
    said[0] ?? "",
    /^spool_died: the thread that writes the state database has ended \(.*\); another one takes its place$/,
  );
  const calls = await Promise.all([
    spool.commit(adding(arena, [{ seq: 2, data: "y", start: 5000 }], { ledger: [] })),
    spool.heads(1, 0, 10),
    spool.survey(),
  ]);
  assert.deepEqual([calls[1].heads.length / 19, calls[2].oldest.length], [2, 3]);
  assert.match(said.at(-1) ?? "", /^spool_up/);
  await spool.close();
  assert.deepEqual(look(directory, "SELECT seq FROM heads"), [[1], [2]]);
});

test("a thread that dies after a commit, before its answer, writes nothing twice", async (t) => {
  const { spool, arena, directory } = await open(t);
  const first = await spool.commit(adding(arena, [{ seq: 1, data: noise(200_000, 1), start: 0 }]));
  threadOf(spool)?.removeAllListeners("message");
  const more = [2, 3].map((seq) => ({ seq, data: noise(200_000, seq), start: 200_000 * (seq - 1) }));
  const answer = spool.commit(adding(arena, more, { removed: pairs([1, 1]) }));
  await eventually("it is committed", () => look(directory, "SELECT seq FROM heads").length === 2);
  await threadOf(spool)?.terminate();
  const { blocks } = await answer;
  assert.deepEqual([...blocks.subarray(0, 2), ...blocks.subarray(3, 5)], [2, 1, 3, 1]);
  assert.equal(blocks[2], first.blocks[2]);
  await spool.close();
  assert.deepEqual(look(directory, "SELECT seq FROM heads"), [[2], [3]]);
  assert.deepEqual(look(directory, "SELECT records FROM ledger WHERE fate = 'read'"), [[3]]);
});

test("a thread that dies after it has shed, before its answer, sheds nothing twice", async (t) => {
  const { spool, arena, directory } = await open(t);
  for (let seq = 1; seq <= 4; seq++) {
    await spool.commit(adding(arena, [{ seq, data: noise(1000, seq), start: 1000 * (seq - 1) }]));
  }
  threadOf(spool)?.removeAllListeners("message");
  const answer = spool.shed(oldest(1));
  await eventually("it has shed", () => look(directory, "SELECT seq FROM heads").length === 3);
  await threadOf(spool)?.terminate();
  const { inputs, sources, done } = await answer;
  assert.deepEqual(
    [inputs.map(({ chunks, records }) => [chunks, records]), [...sources], done],
    [[[1, 1]], [1, 1], true],
  );
  await spool.close();
  assert.deepEqual(look(directory, "SELECT seq FROM heads"), [[2], [3], [4]]);
  sound(directory);
});

test("killed again and again at any moment, a thread has each transaction written once", async (t) => {
  const { spool, arena, directory } = await open(t);
  const commits: Promise<unknown>[] = [];
  const killer = new AbortController();
  const killed = (async (): Promise<number> => {
    let times = 0;
    for (; !killer.signal.aborted; times++) {
      await systemClock.sleep(30 + 40 * systemClock.random(), killer.signal);
      const thread = threadOf(spool);
      if (thread && times % 2) await thread.terminate();
      else thread?.postMessage({ id: -1, kind: "close" });
    }
    return times;
  })();
  for (let seq = 1; seq <= 120; seq++) {
    const transaction: Transaction = adding(arena, [{ seq, data: noise(5000, seq), start: 5000 * (seq - 1) }]);
    const removed = seq > 10 ? pairs([1, seq - 10]) : new Float64Array(0);
    commits.push(spool.commit({ ...transaction, removed }));
    await commits.at(-1);
    arena.release([...(arena as unknown as { regions: Set<never> }).regions][0] as never);
  }
  killer.abort();
  assert.ok((await killed) > 3);
  await spool.close();
  assert.deepEqual(look(directory, "SELECT min(seq), count(*) FROM heads"), [[111, 10]]);
  assert.deepEqual(look(directory, "SELECT records, bytes FROM ledger WHERE fate = 'read'"), [[120, 600_000]]);
  assert.deepEqual(look(directory, "SELECT sum(live), count(*) FROM blocks"), [[10, 10]]);
});

test("a directory that cannot be opened again is tried until it can", async (t) => {
  const { spool, said, directory } = await open(t);
  const thread = threadOf(spool);
  await thread?.terminate();
  const { db, lock } = await eventually("the lock is free", () => {
    try {
      return openForWriting(directory);
    } catch {
      return undefined;
    }
  });
  const committed = spool.commit(NOTHING);
  await eventually("it is said", () =>
    said.some((line) => line.includes("cannot be opened again: the state directory")),
  );
  for (const one of [db, lock]) one.close();
  await committed;
  await spool.close();
});

test("closing ends the thread, the lock and the write-ahead log, also while a thread is being replaced", async (t) => {
  const { spool, arena, directory } = await open(t);
  await spool.commit(adding(arena, [{ seq: 1, data: "x" }]));
  await spool.close();
  assert.deepEqual(look(directory, "PRAGMA wal_checkpoint"), [[0, 0, 0]]);
  const again = await open(t, directory);
  await threadOf(again.spool)?.terminate();
  await again.spool.close();
  await eventually("the lock is free", () => {
    try {
      const { db, lock } = openForWriting(directory);
      for (const one of [db, lock]) one.close();
      return true;
    } catch {
      return false;
    }
  });
});

test("closing leaves no timer that would keep the process alive", async (t) => {
  const { spool } = await open(t);
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  await spool.close();
  assert.ok(timers() <= before, `${timers()} timers instead of ${before}`);
});
