// Salvage after single kinds of damage, and a few random ones; `npm run damage` plays more random ones.
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { readLostSources } from "../../../src/buffer/backfill/lost-sources.ts";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { readLosses } from "../../../src/buffer/inspect/losses.ts";
import { openForReading, openForWriting } from "../../../src/buffer/spool/database.ts";
import { type Body, unpack } from "../../../src/buffer/spool/rows/blocks.ts";
import { readSources } from "../../../src/buffer/spool/rows/tables.ts";
import type { StoredSource } from "../../../src/buffer/spool/spool.ts";
import type { Database } from "../../../src/buffer/spool/sqlite.ts";
import {
  canSalvage,
  finishSalvage,
  isMarkedDamaged,
  markDamaged,
  salvage,
} from "../../../src/buffer/salvage/salvage.ts";
import { Store } from "../../../src/buffer/spool/store.ts";
import { Arena } from "../../../src/core/arena.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";
import { playRound } from "../../damage/round.ts";
import { makeTemplate } from "../../damage/template.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";
import { Disk } from "../disk.ts";
import { NOTHING, adding, noise, pairs } from "../spool/rows.ts";
import { SEED } from "../../helpers/seed.ts";

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-salvage-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const INPUTS = ["a", "b"].map((input) => ({
  ...{ input, policy: "default", target: `t${input}` },
  paths: [1, 2, 3].map((n) => `/nowhere/${input}${n}.log`),
}));

/** Writes rows of 300 KB, so that each row has a block of its own. */
function backlog(directory: string, rows = 80): ReturnType<typeof writeBacklog> {
  return writeBacklog(directory, { inputs: INPUTS, rows, bytes: 300_000 });
}

function look(directory: string): ReturnType<typeof inspect> & { losses: ReturnType<typeof readLosses>[] | unknown[] } {
  const db = openForReading(directory);
  assert.ok(db);
  const found = { ...inspect(db), losses: [...readLosses(db, undefined)] };
  db.close();
  return found as never;
}

test("whatever a disk does to bits, pages and ends of the files: what lies in other pages is there, byte for byte, and the books are balanced", (t) => {
  const template = makeTemplate(temporary(t));
  const sum = { rows: 0, kept: 0, intact: 0 };
  for (let seed = SEED; seed < SEED + 8; seed++) {
    const { rows, kept, intact } = playRound(template, seed);
    sum.rows += rows;
    sum.kept += kept;
    sum.intact += intact;
  }
  t.diagnostic(`${sum.kept} of ${sum.rows} rows kept; ${sum.intact} were in intact pages alone`);
});

test("a file that ends before its ledger: that nobody knows what else it held is said", (t) => {
  const directory = join(temporary(t), "state");
  backlog(directory, 8);
  assert.equal(salvage(directory, 1e12).books, true);
  truncateSync(join(directory, "state.db"), 2 * 16_384);
  assert.deepEqual(salvage(directory, 2e12).books, false);
});

test("rows without a head, or without a body, are lost by name and number, and the others stay as they were", (t) => {
  const directory = join(temporary(t), "state");
  const { records, bytes } = backlog(directory);
  wreck(directory, pagesOf(directory, "bodies", "overflow")[3] as number);
  const { kept, lost, lostBytes, aside } = salvage(directory, 1e12);
  assert.deepEqual([kept + lost, lostBytes], [records, 300_000]);
  assert.ok(existsSync(aside));
  const { violations, inputs, losses, rows } = look(directory);
  assert.deepEqual(violations, []);
  assert.equal(rows.bytes + 300_000, bytes);
  const [loss] = losses as { fate: string; records: number; bytes: number; start: number; end: number; path: string }[];
  assert.deepEqual(
    [losses.length, loss?.fate, loss?.bytes, (loss?.end ?? 0) - (loss?.start ?? 0)],
    [1, "corrupt", 300_000, 300_000],
  );
  assert.equal(
    inputs.reduce((sum, { account }) => sum + account.read.records, 0),
    records,
  );
});

test("a page of heads: what only the ledger knows of is lost too, by the ranges between the rows that are left", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory, 600);
  const [page] = pagesOf(directory, "heads", "leaf");
  wreck(directory, page as number);
  const { kept, lost, lostBytes } = salvage(directory, 1e12);
  assert.ok(lost > 0 && kept > 0);
  assert.equal(kept + lost, records);
  const { violations, losses } = look(directory);
  assert.deepEqual(violations, []);
  const all = losses as { records: number; start: number; end: number; merged: boolean }[];
  const sum = (of: (loss: (typeof all)[0]) => number): number => all.reduce((so, loss) => so + of(loss), 0);
  assert.deepEqual([sum((l) => l.records), sum((l) => l.end - l.start)], [lost, lostBytes]);
  assert.ok(all.every(({ merged }) => !merged));
});

test("lost envelopes: their rows are kept, for the same index, with what the other envelopes of their input say", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory);
  const before = change(directory, "UPDATE envelopes SET host = 'web1', fields = '{\"a\":1}' WHERE input = 'a'");
  change(directory, "DELETE FROM envelopes WHERE id IN (2, 3, 5)");
  const { kept, bare, lost } = salvage(directory, 1e12);
  assert.deepEqual([kept, lost], [records, 0]);
  assert.ok(bare > records / 3 && bare < (2 * records) / 3, "half of the rows");
  assert.deepEqual(look(directory).violations, []);
  assert.deepEqual(change(directory), before);
  wreck(directory, pagesOf(directory, "envelopes", "leaf")[0] as number);
  const all = salvage(directory, 2e12);
  assert.deepEqual([all.kept, all.bare, all.lost], [records, records, 0]);
  const none = { host: hostname(), fields: "{}" };
  assert.deepEqual(
    change(directory),
    before.map((row) => ({ ...row, ...none })),
  );
});

test("a flipped bit in the number of a row's envelope: the row gets the one of its file", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory);
  const before = change(directory, "UPDATE envelopes SET fields = json_object('of', path)");
  change(directory, "UPDATE heads SET envelope = envelope + 1024 WHERE seq = 3");
  const { kept, bare, lost } = salvage(directory, 1e12);
  assert.deepEqual([kept, bare, lost], [records, 0, 0]);
  const added = change(directory).filter(({ id }) => Number(id) > 1024);
  assert.equal(added.length, 1);
  assert.ok(before.some(({ path, fields }) => path === added[0]?.["path"] && fields === added[0]?.["fields"]));
});

test("a row with numbers that no agent writes: a load says so, and a salvage corrects the row or goes on without it", (t) => {
  for (const column of ["length", "at", "records", "bytes"]) {
    const directory = join(temporary(t), column);
    const { records } = backlog(directory, 8);
    change(directory, `UPDATE heads SET ${column} = -1 WHERE seq = 3`);
    const { db, lock } = openForWriting(directory);
    const store = new Store(db, directory, new Uint8Array(8 << 20), { deadLetters: 1 << 20 });
    assert.throws(
      () => store.backlog.heads(1, 0, 100),
      { code: "SQLITE_CORRUPT", message: /row 3 has numbers/ },
      column,
    );
    store.close();
    lock.close();
    const { kept, lost } = salvage(directory, 1e12);
    assert.equal(kept + lost, records, column);
    assert.ok(column === "at" ? lost > 0 && lost < records / 4 : lost === 0, `${column}: ${lost} lost`);
    assert.deepEqual(look(directory).violations, [], column);
  }
});

test("lost envelopes whose queue is lost too: their rows are lost by name and number", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory);
  change(directory, "DELETE FROM envelopes WHERE id = 1");
  change(directory, "DELETE FROM queues WHERE id = 1");
  const { kept, lost } = salvage(directory, 1e12);
  assert.equal(kept + lost, records);
  assert.ok(lost > 0 && kept > lost, `${lost} of ${records} lost`);
  const { violations, losses } = look(directory);
  assert.deepEqual(violations, []);
  assert.deepEqual(new Set((losses as { path: string }[]).map(({ path }) => path)), new Set(["/nowhere/a1.log"]));
});

test("lost sources: their rows are kept, under new ids, and a file that has the bytes of the last row is read on from there", (t) => {
  const root = temporary(t);
  const directory = join(root, "state");
  const log = join(root, "a1.log");
  const inputs = [
    { ...(INPUTS[0] as (typeof INPUTS)[0]), paths: [log, "/nowhere/a2.log"] },
    INPUTS[1] as (typeof INPUTS)[0],
  ];
  const { records } = writeBacklog(directory, { inputs, rows: 60, bytes: 20_000 });
  const rows = [...bodies(directory)].filter(({ source }) => source === 1);
  writeFileSync(log, Buffer.concat([...rows.map(({ bytes }) => bytes), Buffer.from("and more\n")]));
  const before = sources(directory);
  wreck(directory, pagesOf(directory, "sources", "leaf")[0] as number);
  const { kept, lost, renewed } = salvage(directory, 1e12);
  assert.deepEqual([kept, lost, renewed], [records, 0, records]);
  assert.deepEqual(look(directory).violations, []);
  const after = sources(directory);
  const spans = (all: typeof before): unknown =>
    all.map(({ num, input, identity, origin, checkpoint, chunks }) => [
      ...[num, input, identity.path, origin, checkpoint, chunks],
    ]);
  assert.deepEqual(spans(after), spans(before));
  const { ino, birthtimeNs } = statSync(log, { bigint: true });
  const [own, other] = after.map(({ identity, mark }) => ({ ...identity, mark }));
  assert.deepEqual([own?.inode, own?.birthNs, own?.headLength], [String(ino), String(birthtimeNs), 1024]);
  const end = Buffer.concat(rows.map(({ bytes }) => bytes)).subarray(-64);
  assert.deepEqual(own?.mark, { length: 64, hash: crc32(end) });
  assert.deepEqual([other?.inode, other?.headLength], ["", 0]);
});

test("a row with the number of a source that never was is not of a lost one", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory);
  change(directory, "UPDATE heads SET source = 99 WHERE seq = 7");
  const { kept, lost, renewed } = salvage(directory, 1e12);
  assert.equal(kept + lost, records);
  assert.ok(lost > 0 && renewed === 0);
  assert.deepEqual(look(directory).violations, []);
});

function sources(directory: string): StoredSource[] {
  const db = openForReading(directory) as Database;
  const found = readSources(db);
  db.close();
  return found;
}

/** The rows of a state in their order, each with its bytes. */
function bodies(directory: string): { readonly source: number; readonly bytes: Uint8Array }[] {
  const db = openForReading(directory) as Database;
  const body = db.prepare("SELECT codec, checksum, length, data FROM bodies WHERE block = ?");
  const heads = db.prepare("SELECT source, block, at, length FROM heads ORDER BY seq").raw().all();
  const found = (heads as [number, number, number, number][]).map(([source, block, at, length]) => {
    const plain = unpack(body.get(block) as Body) as Uint8Array;
    return { source, bytes: plain.slice(at, at + length) };
  });
  db.close();
  return found;
}

/** Changes the stopped database. @returns its envelopes after that */
function change(directory: string, sql = ""): Record<string, unknown>[] {
  const { db, lock } = openForWriting(directory);
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  const envelopes = db.prepare("SELECT * FROM envelopes ORDER BY id").all() as Record<string, unknown>[];
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  lock.close();
  return envelopes;
}

test("the first page, without which SQLite opens nothing", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory);
  wreck(directory, 1);
  assert.throws(() => openForWriting(directory), { code: "state-corrupt" });
  const { kept } = salvage(directory, 1e12);
  assert.equal(kept, records);
  assert.deepEqual(look(directory).violations, []);
});

test("a kill in between leaves one of the two, and two old ones are kept", (t) => {
  const directory = join(temporary(t), "state");
  const { records } = backlog(directory, 8);
  for (let i = 0; i < 4; i++) salvage(directory, 1e12 + 1000 * i);
  assert.equal(readdirSync(directory).filter((name) => name.startsWith("state.db.damaged-")).length, 2);
  renameSync(join(directory, "state.db"), join(directory, "salvaged.db"));
  writeFileSync(join(directory, "state.db-wal"), "of the old one");
  finishSalvage(directory);
  assert.ok(!existsSync(join(directory, "state.db-wal")));
  assert.equal(look(directory).rows.records, records);
  writeFileSync(join(directory, "salvaged.db"), "half");
  finishSalvage(directory);
  assert.equal(salvage(directory, 2e12).kept, records);
});

test("a marker says that the next start has to salvage, and goes with it", (t) => {
  const directory = join(temporary(t), "state");
  backlog(directory, 8);
  markDamaged(directory);
  assert.ok(isMarkedDamaged(directory));
  salvage(directory, 1e12);
  assert.ok(!isMarkedDamaged(directory));
});

test("without room for a second database it is said how much is missing, and nothing is touched", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-salvage-"));
  const disk = SmallDisk.mount("tmpfs", 16, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  const directory = join(disk.path, "state");
  const { records } = backlog(directory, 20);
  assert.equal(canSalvage(directory), true);
  disk.fill(100_000);
  assert.equal(canSalvage(directory), false);
  assert.throws(() => salvage(directory, 1e12), {
    code: "state-corrupt",
    exit: 75,
    hint: /^free /,
  });
  assert.equal(look(directory).rows.records, records);
});

test("what the log of the database has committed counts, up to where it is damaged", (t) => {
  const root = temporary(t);
  using disk = new Disk(new Arena(8 << 20), join(root, "live"));
  const rows = (...seqs: readonly number[]) =>
    seqs.map((seq) => ({ seq, data: noise(100_000, seq), start: seq * 100_000 }));
  disk.store.commit(adding(disk.arena, rows(1, 2)), 1);
  disk.db.pragma("wal_checkpoint(TRUNCATE)");
  disk.store.commit(adding(disk.arena, rows(3, 4)), 2);
  disk.store.commit({ ...NOTHING, removed: pairs([1, 1]) }, 3);
  const killed = (name: string): string => {
    cpSync(disk.directory, join(root, name), { recursive: true });
    return join(root, name);
  };
  const seqs = (directory: string): unknown => {
    salvage(directory, 1e12);
    const db = openForReading(directory);
    const found = db?.prepare("SELECT seq FROM heads ORDER BY seq").pluck().all();
    db?.close();
    return found;
  };
  assert.deepEqual(seqs(killed("whole")), [2, 3, 4]);
  const cut = killed("cut");
  truncateSync(join(cut, "state.db-wal"), statSync(join(cut, "state.db-wal")).size - 5000);
  assert.deepEqual(seqs(cut), [1, 2, 3, 4], "the last transaction is not whole");
  const broken = killed("broken");
  truncateSync(join(broken, "state.db-wal"), 3);
  assert.deepEqual(seqs(broken), [1, 2]);
});

test("by what the file of a forgotten source is recognised: `losses backfill` still finds it", (t) => {
  const directory = join(temporary(t), "state");
  backlog(directory, 8);
  const db = openForWriting(directory);
  const identity = ["s", "/x.log", "2", "3", 1024, 5, 64, 6, 300];
  db.db.prepare(`INSERT INTO lost_sources VALUES (${identity.map(() => "?").join()})`).run(...identity);
  db.db.exec("INSERT INTO losses VALUES (7, 1, 'a', 's', '/x.log', 0, 3, 'oldest', 1, 3, 0, 0, 0, 0, 0)");
  db.db.close();
  db.lock.close();
  salvage(directory, 1e12);
  const salvaged = openForReading(directory);
  t.after(() => salvaged?.close());
  const [found] = readLostSources(salvaged as Database, undefined);
  assert.equal(found?.known?.checkpoint, 300);
  assert.deepEqual(salvaged?.prepare("SELECT * FROM lost_sources").raw().all(), [identity]);
});
