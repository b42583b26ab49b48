// The worker thread alone, called as the spool calls it.
import assert from "node:assert/strict";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import type { Answer, Call } from "../../../src/buffer/spool/protocol.ts";
import { Arena } from "../../../src/core/arena.ts";
import { eventually } from "../../helpers/agent-process.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { adding, noise } from "./rows.ts";

const ENTRY = new URL("../../../src/buffer/spool/worker.ts", import.meta.url);

class Thread {
  readonly answers: Answer[] = [];
  readonly arena = new Arena(16 << 20);
  readonly worker: Worker;
  exited = false;
  private next = 0;

  constructor(t: TestContext, directory: string, disk = 1 << 30) {
    const workerData = { directory, deadLetters: 1 << 20, disk, memory: this.arena.memory.buffer };
    this.worker = new Worker(ENTRY, { workerData });
    this.worker.on("message", (answer: Answer) => this.answers.push(answer));
    this.worker.on("exit", () => (this.exited = true));
    t.after(() => this.worker.terminate());
  }

  /** Makes these calls. @returns the answers, in the order of their arrival */
  async ask(...calls: readonly Call[]): Promise<{ result: any; failure: any }[]> {
    const from = this.answers.length;
    for (const call of calls) this.worker.postMessage({ id: this.next++, ...call });
    await eventually("all answers", () => this.answers.length >= from + calls.length);
    return this.answers.slice(from) as never[];
  }
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-worker-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("calls are answered in the order in which they come, each by its number", async (t) => {
  const thread = new Thread(t, temporary(t));
  const transaction = adding(thread.arena, [{ seq: 1, data: "x" }]);
  const answers = await thread.ask(
    { kind: "open", salvage: true, atMs: 1 },
    { kind: "commit", transaction, number: 1 },
    { kind: "heads", queue: 1, after: 0, limit: 9 },
    { kind: "sources", skip: 0, after: 0, limit: 9 },
    { kind: "survey" },
    { kind: "close" },
  );
  assert.deepEqual(
    answers.map((answer) => (answer as unknown as { id: number }).id),
    [0, 1, 2, 3, 4, 5],
  );
  assert.ok(answers.every(({ failure }) => failure === undefined));
  const [opened, committed, heads, sources] = answers.map(({ result }) => result);
  assert.deepEqual([opened.lastWrite, committed.blocks[1], heads.heads.length, sources.length], [0, 1, 19, 1]);
  await eventually("the thread ends", () => thread.exited);
});

test("what goes wrong comes as a code, a sentence, a hint and an exit code, and the thread goes on", async (t) => {
  const directory = temporary(t);
  const thread = new Thread(t, directory);
  await thread.ask({ kind: "open", salvage: true, atMs: 1 });
  const transaction = adding(thread.arena, [{ seq: 1, data: "x" }]);
  const [bug] = await thread.ask({ kind: "commit", transaction: { ...transaction, sources: [] }, number: 1 });
  assert.deepEqual([bug?.failure.code, bug?.failure.exit], ["bug", 1]);
  const second = new Thread(t, directory);
  const [locked] = await second.ask({ kind: "open", salvage: true, atMs: 1 });
  assert.deepEqual([locked?.failure.code, locked?.failure.exit], ["state-locked", 75]);
  assert.match(locked?.failure.hint, /stop that agent first/);
  const [good] = await thread.ask({ kind: "commit", transaction, number: 1 });
  assert.equal(good?.failure, undefined);
});

test("a write that was carried out before is answered, not carried out again", async (t) => {
  const thread = new Thread(t, temporary(t));
  await thread.ask({ kind: "open", salvage: true, atMs: 1 });
  const commit = { kind: "commit", transaction: adding(thread.arena, [{ seq: 1, data: "x" }]), number: 5 } as const;
  const [first, second] = await thread.ask(commit, commit);
  assert.deepEqual(first?.result.blocks, second?.result.blocks);
  const choice = { order: "oldest", bytes: 1 } as const;
  const shedding = { queue: 1, after: 0, except: [], fate: 5, certainFrom: 0, atMs: 1, choice };
  const shed = { kind: "shed", shedding, number: 6 } as const;
  const [third, fourth] = await thread.ask(shed, shed);
  assert.deepEqual([third?.result, third?.result.inputs.length], [fourth?.result, 1]);
  assert.deepEqual((await thread.ask({ ...shed, number: 7 }))[0]?.result.inputs, []);
});

test("a database has a size of its own beside the rows' budget", async (t) => {
  const disk = 8 << 20;
  const directory = temporary(t);
  const thread = new Thread(t, directory, disk);
  await thread.ask({ kind: "open", salvage: true, atMs: 1 });
  const sizes: number[] = [];
  let failure;
  for (let seq = 1; failure === undefined && seq < 30; seq++) {
    const transaction = adding(thread.arena, [{ seq, data: noise(500_000, seq) }]);
    const [answer] = await thread.ask({ kind: "commit", transaction, number: seq });
    failure = answer?.failure;
    if (failure === undefined) sizes.push(answer?.result.room.size);
  }
  assert.deepEqual(
    [failure?.code, failure?.message],
    ["SQLITE_FULL", `${directory}/state.db: database or disk is full (SQLITE_FULL)`],
  );
  assert.ok(sizes.length > 8 && Math.max(...sizes) < disk, String(sizes));
});

test("the lock lives as long as the thread, whatever ends it", async (t) => {
  const directory = temporary(t);
  const thread = new Thread(t, directory);
  await thread.ask({ kind: "open", salvage: true, atMs: 1 });
  assert.throws(() => openForWriting(directory), { code: "state-locked" });
  await thread.worker.terminate();
  const { db, lock } = openForWriting(directory);
  for (const one of [db, lock]) one.close();
});

test("a wrong list of free pages, which no call reports, is damage: the file would never shrink again", async (t) => {
  const directory = temporary(t);
  writeBacklog(directory, {
    inputs: [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }],
    ...{ rows: 4, bytes: 1000 },
  });
  const { db, lock } = openForWriting(directory);
  db.exec("CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob(200000)); DROP TABLE gone");
  db.pragma("wal_checkpoint(TRUNCATE)");
  for (const one of [db, lock]) one.close();
  const fd = openSync(join(directory, "state.db"), "r+");
  const count = 36;
  writeSync(fd, Uint8Array.of(0, 0, 1, 0), 0, 4, count);
  closeSync(fd);
  const thread = new Thread(t, directory);
  await thread.ask({ kind: "open", salvage: true, atMs: 1 });
  let failure;
  for (let i = 0; i < 3 && failure === undefined; i++) [{ failure }] = (await thread.ask({ kind: "survey" })) as [any];
  assert.deepEqual([failure?.code, failure?.exit, existsSync(join(directory, "damaged"))], ["state-corrupt", 75, true]);
});

test("a directory that cannot be used is refused with its sentence", async (t) => {
  const file = join(temporary(t), "file");
  writeFileSync(file, "");
  const [answer] = await new Thread(t, join(file, "state")).ask({ kind: "open", salvage: true, atMs: 1 });
  assert.deepEqual([answer?.failure.code, answer?.failure.exit], ["state-unusable", 78]);
});
