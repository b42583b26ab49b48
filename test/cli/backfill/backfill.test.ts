// `losses backfill` after a real agent that had to shed. Afterwards every line that was written is stored exactly once, under the
// id that it would have had, wherever its file is by then. The agent runs once; each test starts from a copy of the state that
// the agent left.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before as beforeAll, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { openForChanges } from "../../../src/buffer/spool/database.ts";
import { BACKFILL } from "../../../src/buffer/ledger/sent-again.ts";
import { DELIVERED, DUPLICATE } from "../../../src/core/fate.ts";
import { Workplace, eventually } from "../../helpers/agent-process.ts";
import { HostileServer, type Misdeed } from "../../helpers/hostile-server.ts";
import { ROOT } from "../../helpers/tree.ts";
import { COUNT, FIRST, LADDER, TEXT, assertAllOnce } from "./shed.ts";
import { runCommand } from "../run-command.ts";

const BIN = join(ROOT, "bin/spillway.js");
const place = new Workplace();
const log = join(place.logs, "app.log");
const saved = join(place.root, "saved");
let server: HostileServer;
let refuses: (document: string) => boolean = () => false;
/** The output of `losses list` right after the agent stopped. */
let before: string;
let misdeed: (number: number) => Misdeed | undefined = () => undefined;
let delivered: ReadonlyMap<string, string>;

beforeAll(async () => {
  server = await HostileServer.start({
    whole: ({ number }) => misdeed(number),
    item: (document) => (refuses(document) ? { status: 400, type: "mapping", reason: "no" } : undefined),
  });
  configure();
  writeFileSync(log, TEXT.slice(0, FIRST).join(""));
  const agent = place.run();
  await agent.until("the first are delivered", ({ ledger }) => ledger.delivered.records === FIRST);
  misdeed = () => ({ status: 503 });
  appendFileSync(log, TEXT.slice(FIRST).join(""));
  await agent.until("all is read", ({ ledger }) => ledger.read.records === COUNT);
  misdeed = () => undefined;
  const { ledger } = await agent.until("the rest has its fate", (status) => status.ledger.buffered.records === 0);
  for (const count of [ledger.sampled, ledger.dropped.oldest]) assert.ok(count.records > 1000, "much was shed");
  assert.ok(ledger.delivered.records > FIRST, "some of what was sampled was kept");
  await agent.stop();
  cpSync(place.state, saved, { recursive: true });
  delivered = new Map(server.stored);
  before = (await losses("list", "--json")).out;
});
after(async () => {
  await server[Symbol.asyncDispose]();
  place.remove();
});

/** Restores the state that the agent left. The log file stays, because it must keep its inode. */
beforeEach(() => {
  rmSync(place.state, { recursive: true });
  cpSync(saved, place.state, { recursive: true });
  server.stored.clear();
  for (const [id, document] of delivered) server.stored.set(id, document);
  misdeed = () => undefined;
  refuses = () => false;
  configure();
});

function configure(output: object = {}): void {
  place.configure(server.url, {
    // With no disk budget, the chunks keep the size they were read with, and shedding starts at once.
    buffer: { disk: 0 },
    policies: { default: LADDER },
    output: { batch: { age: "50ms" }, ...output },
  });
}

const sum = (ranges: readonly { records: number }[]): number => ranges.reduce((all, { records }) => all + records, 0);
const losses = (...words: string[]) => runCommand("losses", ...words, "-c", place.config);

test("what was sampled and dropped is stored once, under its own ids; nothing is sent a second time", async () => {
  const { code, out, err } = await losses("backfill");
  assert.deepEqual([code, err], [0, ""], out);
  assertAllOnce(server);
  assert.match(out, /^\d+ ranges? backfilled: [\d,]+ records stored \([^)]+\)\n$/);
  const list = await losses("list");
  for (const line of list.out.trimEnd().split("\n").slice(1, -1)) assert.match(line, / backfilled$/);
  const requests = server.requests.length;
  assert.equal((await losses("backfill")).out, "0 ranges backfilled: 0 records stored (0 B)\n");
  assert.equal(server.requests.length, requests);
});

test("it counts as what a pseudo-input read and delivered; no earlier fate moves", async () => {
  const of = (input: string) => place.books().inputs.find((one) => one.input === input)?.account;
  const app = of("app");
  await losses("backfill");
  assert.deepEqual(of("app"), app);
  const own = of(BACKFILL);
  assert.equal(own?.fates[DELIVERED]?.records, COUNT - delivered.size);
  assert.deepEqual(own?.read, own?.fates[DELIVERED]);
});

test("a renamed file is found by its inode, one in a directory below too", async () => {
  const archive = join(place.logs, "archive");
  mkdirSync(archive);
  const moved = join(archive, "app[1]-20270101");
  renameSync(log, moved);
  try {
    const { code, out } = await losses("backfill");
    assert.equal(code, 0, out);
    assertAllOnce(server);
  } finally {
    renameSync(moved, log);
  }
});

test("a compressed copy is found by its content, also of a source that is forgotten", async () => {
  const db = openForChanges(place.state);
  db?.exec(`INSERT INTO lost_sources
    SELECT id, path, inode, birth_ns, head_length, head_hash, mark_length, mark_hash, checkpoint FROM sources;
    DELETE FROM sources`);
  db?.close();
  const away = join(place.root, "away");
  renameSync(log, away);
  const packed = `${log}.2.gz`;
  writeFileSync(packed, gzipSync(readFileSync(away)));
  try {
    const { code, out } = await losses("backfill");
    assert.equal(code, 0, out);
    assertAllOnce(server);
  } finally {
    rmSync(packed);
    renameSync(away, log);
  }
});

test("a file that is gone is said, with its ranges; one that only begins like it is none", async () => {
  const away = join(place.root, "away");
  renameSync(log, away);
  writeFileSync(`${log}.1`, TEXT.slice(0, 2 * FIRST).join(""));
  copyFileSync(`${log}.1`, log);
  try {
    const { code, out } = await losses("backfill");
    assert.equal(code, 0);
    assert.match(
      out,
      /^0 ranges backfilled: 0 records stored \(0 B\)\nleft of input app, [\d,]+ records: \S+app\.log:\d+-\d+.*: no file has its content any more\n$/,
    );
    assert.deepEqual(server.stored, delivered);
    const { left } = JSON.parse((await losses("backfill", "--json")).out);
    assert.ok(left.length > 0 && left.every(({ why }: { why: string }) => why === "no file has its content any more"));
  } finally {
    rmSync(`${log}.1`);
    renameSync(away, log);
  }
});

test("an answer that is lost doubles nothing: what the server had is counted as that", async () => {
  const from = server.requests.length;
  misdeed = (number) => (number === from + 1 ? "lost" : undefined);
  const { code, out } = await losses("backfill");
  assert.equal(code, 0, out);
  assertAllOnce(server);
  const own = place.books().inputs.find(({ input }) => input === BACKFILL)?.account;
  assert.ok((own?.fates[DUPLICATE]?.records ?? 0) > 0);
  assert.match(out, /, [\d,]+ were there already\n$/);
});

test("killed between an answer and its mark it goes on there: what is sent again doubles nothing", async () => {
  const from = server.requests.length;
  misdeed = (number) => (number === from + 1 ? "hangBody" : undefined);
  const child = spawn(process.execPath, [BIN, "losses", "backfill", "-c", place.config], { stdio: "ignore" });
  const ended = once(child, "exit");
  await eventually("the request whose answer hangs", () => server.requests.length > from + 1);
  const locked = await losses("backfill");
  assert.deepEqual([locked.code, /backfill-runs/.test(locked.err)], [75, true]);
  child.kill("SIGKILL");
  await ended;
  assert.ok(server.stored.size > delivered.size && server.stored.size < COUNT, "it was killed in the middle");
  const { code, out } = await losses("backfill");
  assert.equal(code, 0, out);
  assertAllOnce(server);
  const own = place.books().inputs.find(({ input }) => input === BACKFILL)?.account;
  // One piece of the file takes two requests, one for each range in it.
  const sent = server.requests.slice(from, from + 2).reduce((all, { docs }) => all + docs, 0);
  assert.deepEqual([own?.fates[DUPLICATE]?.records, own?.read.records], [sent, COUNT - delivered.size]);
});

test("what is refused stays in the list as a range of its own, and is sent when it can be", async () => {
  const bad = new Set(TEXT.filter((_, i) => i >= FIRST && i % 100 === 7).map((line) => line.trimEnd()));
  refuses = (document) => bad.has(JSON.parse(document).message);
  const first = await losses("backfill");
  assert.equal(first.code, 75);
  const [, kept] = /\n(\d+) refused, and kept in the list: 400 mapping: no\n$/.exec(first.out) ?? [];
  assert.ok(Number(kept) > 50, first.out);
  assert.equal(server.stored.size, COUNT - Number(kept));
  const { losses: ranges } = JSON.parse((await losses("list", "--json")).out);
  const open = ranges.filter((range: { backfilled_to: number; end: number }) => range.backfilled_to < range.end);
  assert.equal(open.length, Number(kept));
  assert.equal(sum(ranges), sum(JSON.parse(before).losses), "the records of all ranges are as many as before");
  refuses = () => false;
  const { code, out } = await losses("backfill");
  assert.equal(code, 0, out);
  assertAllOnce(server);
});

test("without ids of its own nothing can be told", async () => {
  configure({ ids: "auto" });
  const { code, err } = await losses("backfill");
  assert.equal(code, 78);
  assert.match(err, /backfill-ids/);
  assert.ok(readdirSync(place.state).includes("state.db"));
});
