// Upgrades a state directory written by version 0.1.0 itself (test/fixtures/state-0.1.0), and larger ones of the same schema.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { openForReading, openForWriting } from "../../../src/buffer/spool/database.ts";
import { HEAD, headAt, headCount } from "../../../src/buffer/spool/rows/heads.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../../../src/buffer/spool/schema.ts";
import { type Database, openSqlite } from "../../../src/buffer/spool/sqlite.ts";
import { upgrade } from "../../../src/buffer/spool/upgrade.ts";
import { CORRUPT, LOADED } from "../../../src/buffer/spool/spool.ts";
import { Arena } from "../../../src/core/arena.ts";
import { FIXTURE, copyState, makeState } from "../../helpers/state-0.1.0.ts";
import { Disk } from "../disk.ts";
import { NOTHING } from "./rows.ts";
import { cpuMs } from "../../helpers/cpu.ts";

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-upgrade-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function rows(db: Database, sql: string): unknown[] {
  return db.prepare(sql).all();
}

interface OldRow {
  readonly seq: number;
  readonly source: string;
  readonly length: number;
  readonly table_length: number;
  readonly codec: number;
  readonly data: Buffer;
  readonly record_table: Buffer | null;
}

/** Reads the fixture in its own schema, without an upgrade. */
function before<T>(read: (db: Database) => T): T {
  const db = openSqlite(FIXTURE, { readonly: true });
  const found = read(db);
  db.close();
  return found;
}

test("every row is there afterwards, under its number, of its source, in the queue of its ladder and index", (t) => {
  const directory = temporary(t);
  copyState(directory);
  using disk = new Disk(new Arena(1 << 20), directory);
  const old = `SELECT c.seq, c.source, c.start, c."end", c.records, c.bytes, c.read_at_ms, c.length, c.table_length, e.policy,
    e.index_pattern AS target, c.envelope FROM chunks c JOIN envelopes e ON e.id = c.envelope ORDER BY c.seq`;
  const now = `SELECT h.seq, s.id AS source, h.start, h."end", h.records, h.bytes, h.read_at_ms, h.length, h.table_length,
    q.policy, q.target, h.envelope FROM heads h JOIN sources s ON s.num = h.source JOIN queues q ON q.id = h.queue
    ORDER BY h.seq`;
  assert.deepEqual(
    rows(disk.db, now),
    before((db) => rows(db, old)),
  );
  assert.deepEqual(
    rows(disk.db, "SELECT DISTINCT possibly_stored, actions_length, aged_ms - read_at_ms AS d FROM heads"),
    [{ possibly_stored: 1, actions_length: 0, d: 0 }],
  );
  assert.deepEqual(inspect(disk.db).violations, []);
});

test("sources, ledger, losses, dead letters and first starts are as they were", (t) => {
  const directory = temporary(t);
  copyState(directory);
  using disk = new Disk(new Arena(1 << 20), directory);
  for (const sql of [
    "SELECT id, input, path, device, inode, birth_ns, head_length, head_hash, origin, checkpoint FROM sources ORDER BY id",
    "SELECT id, input, path, host, fields, index_pattern, policy FROM envelopes ORDER BY id",
    "SELECT * FROM ledger",
    'SELECT id, at_ms, source, start, "end", fate, records, bytes, keep, hash_version FROM losses',
    "SELECT id, at_ms, input, source, path, offset, bytes, index_name, status, type, reason, body FROM dead_letters",
    "SELECT * FROM meta WHERE key LIKE 'started%'",
  ]) {
    assert.deepEqual(
      rows(disk.db, sql),
      before((db) => rows(db, sql)),
      sql,
    );
  }
  assert.deepEqual(rows(disk.db, "SELECT DISTINCT merged FROM losses"), [{ merged: 0 }]);
  const found = disk.store.recover("any machine");
  assert.deepEqual(found.meta, { nextSeq: 33, age: { agedMs: 0, wallMs: 0, boot: "", upMs: 0 }, limits: {} });
  assert.equal(
    found.totals.reduce((sum, { records }) => sum + records, 0),
    86,
  );
});

test("bodies stay where they are and are loaded as they were, with their record tables", (t) => {
  const directory = temporary(t);
  copyState(directory);
  using disk = new Disk(new Arena(1 << 20), directory);
  const plain = (codec: number, bytes: Buffer): Buffer => (codec === 1 ? zstdDecompressSync(bytes) : bytes);
  let tables = 0;
  for (const old of before((db) => rows(db, "SELECT * FROM chunks")) as OldRow[]) {
    const queue = disk.value("SELECT queue FROM heads WHERE seq = ?", old.seq) as number;
    const { heads } = disk.store.backlog.heads(queue, old.seq - 1, 1);
    assert.equal(headCount(heads), 1);
    const h = headAt(heads, 0);
    const [data, table] = [disk.arena.alloc(old.length), disk.arena.alloc(Math.max(1, old.table_length))];
    assert.ok(data && table);
    h[HEAD.data] = data.ptr;
    h[HEAD.table] = table.ptr;
    assert.deepEqual([...disk.store.backlog.load(h[HEAD.block] as number, heads)], [LOADED]);
    assert.deepEqual(disk.arena.view(data), plain(old.codec, old.data));
    if (!old.record_table) continue;
    assert.deepEqual(disk.arena.view(table), plain(old.codec, old.record_table));
    tables++;
  }
  assert.ok(tables > 5);
});

test("a damaged body is corrupt, be it of records or of a record table", (t) => {
  const directory = temporary(t);
  copyState(directory);
  using disk = new Disk(new Arena(1 << 20), directory);
  for (const [seq, column] of [
    [9, "record_table"],
    [10, "data"],
  ] as const) {
    const bytes = disk.value(`SELECT ${column} FROM chunks WHERE seq = ?`, seq) as Buffer;
    bytes[10] = (bytes[10] as number) ^ 1;
    disk.db.prepare(`UPDATE chunks SET ${column} = ? WHERE seq = ?`).run(bytes, seq);
    const queue = disk.value("SELECT queue FROM heads WHERE seq = ?", seq) as number;
    const { heads } = disk.store.backlog.heads(queue, seq - 1, 1);
    assert.deepEqual([...disk.store.backlog.load(-seq, heads)], [CORRUPT]);
  }
});

test("a row that ends takes its old body along, and with the last of them the old table goes", (t) => {
  const directory = temporary(t);
  copyState(directory);
  {
    using disk = new Disk(new Arena(1 << 20), directory);
    const all = rows(disk.db, "SELECT queue, seq FROM heads") as { queue: number; seq: number }[];
    const pairs = all.map(({ queue, seq }) => [queue, seq]);
    disk.store.commit({ ...NOTHING, removed: Float64Array.from(pairs.slice(1).flat()) }, 1);
    assert.equal(disk.value("SELECT count(*) FROM chunks"), 1);
    disk.store.commit({ ...NOTHING, removed: Float64Array.from(pairs.slice(0, 1).flat()) }, 2);
    assert.equal(disk.value("SELECT count(*) FROM chunks"), 0);
  }
  using disk = new Disk(new Arena(1 << 20), directory);
  assert.equal(disk.value("SELECT count(*) FROM sqlite_master WHERE name IN ('chunks', 'settled', 'sources_1')"), 0);
});

test("from the first step on an older version refuses it: it is of a newer schema, and still spillway's", (t) => {
  const directory = temporary(t);
  copyState(directory);
  const path = join(directory, "state.db");
  const db = openSqlite(path);
  assert.throws(() => upgrade(db, 1, () => stopHere(), 5), /stopped here/);
  const pragma = (name: string): unknown => db.pragma(name, { simple: true });
  // Version 0.1.0 checks these two. It opens version 1 of this application, and refuses all others with one sentence.
  assert.deepEqual([pragma("user_version"), pragma("application_id")], [SCHEMA_VERSION, APPLICATION_ID]);
  assert.ok(SCHEMA_VERSION > 1);
  db.close();
});

function stopHere(): never {
  throw new Error("stopped here");
}

test("a reader is told that it has to be upgraded first, and changes nothing", (t) => {
  const directory = temporary(t);
  copyState(directory);
  const { mtimeMs } = statSync(join(directory, "state.db"));
  assert.throws(() => openForReading(directory), { code: "state-old", exit: 75, hint: /start the agent or run/ });
  assert.equal(statSync(join(directory, "state.db")).mtimeMs, mtimeMs);
});

test("killed between two slices it is continued by the next start, nothing twice and nothing lost", (t) => {
  const directory = temporary(t);
  copyState(directory);
  const script = `
    import { openSqlite } from ${JSON.stringify(module("sqlite"))};
    import { upgrade } from ${JSON.stringify(module("upgrade"))};
    const db = openSqlite(process.argv[1]);
    upgrade(db, db.pragma("user_version", { simple: true }), () => process.kill(process.pid, "SIGKILL"), 10);`;
  const done: unknown[] = [];
  for (let kills = 0; kills < 2; kills++) {
    const path = join(directory, "state.db");
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script, path]);
    assert.equal(signal, "SIGKILL");
    const db = openSqlite(path);
    done.push(db.prepare("SELECT count(*) FROM heads").pluck().get());
    db.close();
  }
  assert.deepEqual(done, [10, 20]);
  const told: [number, number][] = [];
  const { db, lock } = openForWriting(directory, (rows, of) => told.push([rows, of]));
  assert.deepEqual(inspect(db).violations, []);
  assert.deepEqual([rows(db, "SELECT count(*) AS n FROM heads"), told], [[{ n: 25 }], [[5, 25]]]);
  for (const one of [db, lock]) one.close();
});

function module(name: string): string {
  return new URL(`../../../src/buffer/spool/${name}.ts`, import.meta.url).href;
}

test("of a large one the progress is told, slice by slice", (t) => {
  const directory = temporary(t);
  makeState(directory, 45_000, 100);
  const told: [number, number][] = [];
  const ms = cpuMs(() => {
    const { db, lock } = openForWriting(directory, (rows, of) => told.push([rows, of]));
    assert.deepEqual(inspect(db).violations, []);
    for (const one of [db, lock]) one.close();
  });
  assert.deepEqual(told, [
    [20_000, 45_000],
    [40_000, 45_000],
    [45_000, 45_000],
  ]);
  assert.ok(ms < 10_000, `${ms} ms`);
});

test("without a backlog it is only its tables", (t) => {
  const directory = temporary(t);
  makeState(directory, 0, 100);
  const { db, lock } = openForWriting(directory);
  assert.deepEqual(inspect(db).violations, []);
  assert.deepEqual(rows(db, "SELECT name FROM sqlite_master WHERE name = 'chunks'"), []);
  for (const one of [db, lock]) one.close();
});

/** A file system whose free space the test sets. */
class SmallDisk {
  readonly directory: string;

  constructor(t: TestContext) {
    const root = mkdtempSync(join(tmpdir(), "spillway-upgrade-"));
    this.directory = join(root, "small");
    mkdirSync(this.directory);
    t.after(() => {
      spawnSync("umount", ["--lazy", this.directory]);
      rmSync(root, { recursive: true });
    });
  }

  mount(): boolean {
    return spawnSync("mount", ["-t", "tmpfs", "-o", "size=256m", "tmpfs", this.directory]).status === 0;
  }

  free(kib: number): void {
    const { bsize, blocks, bfree } = statfsSync(this.directory);
    const used = (blocks - bfree) * bsize;
    spawnSync("mount", ["-o", `remount,size=${used / 1024 + kib}k`, this.directory]);
  }
}

test("a disk that is too full for it is one sentence, loses nothing, and with room it goes on", (t) => {
  const disk = new SmallDisk(t);
  if (!disk.mount()) return t.skip("nothing can be mounted here");
  const { directory } = disk;
  makeState(directory, 60_000, 100);
  const count = (table: string): unknown => {
    const db = openSqlite(join(directory, "state.db"));
    const found = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    db.close();
    return found;
  };
  disk.free(400);
  for (let tries = 0; tries < 2; tries++) {
    assert.throws(() => openForWriting(directory), {
      code: "state-upgrade",
      exit: 75,
      message: /^cannot upgrade .*state\.db from an earlier version: database or disk is full$/,
      hint: /nothing was lost, start again when there is room/,
    });
  }
  assert.equal(count("chunks"), 60_000);
  disk.free(64 * 1024);
  const { db, lock } = openForWriting(directory);
  assert.deepEqual(inspect(db).violations, []);
  assert.deepEqual(rows(db, "SELECT count(*) AS n, sum(records) AS records FROM heads"), [
    { n: 60_000, records: 60_000 },
  ]);
  for (const one of [db, lock]) one.close();
});

test("without a free byte nothing is upgraded, which passes: it is said what is missing, and tried again", (t) => {
  const disk = new SmallDisk(t);
  if (!disk.mount()) return t.skip("nothing can be mounted here");
  copyState(disk.directory);
  disk.free(0);
  const full = {
    code: "state-upgrade",
    exit: 75,
    message: /^cannot upgrade .*small\/state.db from an earlier version: /,
    hint: /a fifth of the file's size/,
  };
  assert.throws(() => openForWriting(disk.directory), full);
  disk.free(1024);
  const { db, lock } = openForWriting(disk.directory);
  for (const one of [db, lock]) one.close();
});

/** Removes what version 4 added. */
const BEFORE_4 = `DELETE FROM meta WHERE key = 'schema'; DROP TABLE lost_sources; DROP INDEX dead_letters_by_source; ALTER TABLE losses DROP COLUMN backfilled_to;`;

test("version 2: dead letters stay, and get what version 3 knows of them", (t) => {
  const directory = temporary(t);
  {
    using disk = new Disk(new Arena(1 << 20), directory);
    disk.db.exec(`${BEFORE_4} DROP INDEX dead_letters_by_kind; ALTER TABLE dead_letters DROP COLUMN kind;
      ALTER TABLE dead_letters DROP COLUMN document; PRAGMA user_version = 2;
      INSERT INTO dead_letters VALUES (7, 1, 'in', 's', '/x', 0, 3, 'i', 400, 't', 'r', NULL);`);
  }
  assert.throws(() => openForReading(directory), { code: "state-old" });
  using disk = new Disk(new Arena(1 << 20), directory);
  assert.deepEqual(disk.rows("SELECT id, reason, kind, document FROM dead_letters"), [[7, "r", 0, null]]);
  assert.equal(disk.value("PRAGMA user_version"), SCHEMA_VERSION);
});

test("version 3: losses stay, and nothing of them was backfilled", (t) => {
  const directory = temporary(t);
  {
    using disk = new Disk(new Arena(1 << 20), directory);
    disk.db.exec(`${BEFORE_4} PRAGMA user_version = 3;
      INSERT INTO losses VALUES (7, 1, 'in', 's', '/x', 0, 3, 'oldest', 1, 3, 0, 0, 0, 0);`);
  }
  assert.throws(() => openForReading(directory), { code: "state-old" });
  using disk = new Disk(new Arena(1 << 20), directory);
  assert.deepEqual(disk.rows(`SELECT id, "end", backfilled_to FROM losses`), [[7, 3, 0]]);
  assert.deepEqual(disk.rows("SELECT * FROM lost_sources"), []);
  assert.equal(disk.value("PRAGMA user_version"), SCHEMA_VERSION);
});
