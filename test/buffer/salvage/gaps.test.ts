// Rows whose heads are lost. If it can be told which spans they had, they are read again from the log files, under their old
// offsets; else they are lost, and the ledger says how much.
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { readLosses } from "../../../src/buffer/inspect/losses.ts";
import { salvage } from "../../../src/buffer/salvage/salvage.ts";
import { openForReading } from "../../../src/buffer/spool/database.ts";
import { type Body, pack, unpack } from "../../../src/buffer/spool/rows/blocks.ts";
import { type Database, openSqlite } from "../../../src/buffer/spool/sqlite.ts";
import { type Backlog, writeBacklog } from "../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";

const HEAD_BYTES = 256;

/** A backlog of two inputs with three files each, which have the lines that the rows hold. */
function backlog(
  t: TestContext,
  rows: number,
): { readonly directory: string; readonly logs: string; readonly whole: Backlog } {
  const root = mkdtempSync(join(tmpdir(), "spillway-gaps-"));
  t.after(() => rmSync(root, { recursive: true }));
  const directory = join(root, "state");
  const inputs = ["a", "b"].map((input) => ({
    ...{ input, policy: "default", target: `t${input}` },
    paths: [1, 2, 3].map((n) => join(root, `${input}${n}.log`)),
  }));
  const whole = writeBacklog(directory, { inputs, rows, bytes: 2000 });
  const db = openSqlite(join(directory, "state.db"));
  for (const { path, start, bytes } of spans(db)) {
    const fd = openSync(path, start === 0 ? "w" : "r+");
    writeSync(fd, bytes, 0, bytes.length, start);
    closeSync(fd);
  }
  for (const path of inputs.flatMap(({ paths }) => paths)) {
    const { ino, birthtimeNs } = statSync(path, { bigint: true });
    const head = crc32(readFileSync(path).subarray(0, HEAD_BYTES));
    db.prepare("UPDATE sources SET inode = ?, birth_ns = ?, head_length = ?, head_hash = ? WHERE path = ?").run(
      ...[String(ino), String(birthtimeNs), HEAD_BYTES, head, path],
    );
  }
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  return { directory, logs: root, whole };
}

interface Span {
  readonly path: string;
  readonly queue: number;
  readonly seq: number;
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** The rows of a state, in order of queue and sequence number. */
function spans(db: Database): Span[] {
  const body = db.prepare("SELECT codec, checksum, length, data FROM bodies WHERE block = ?");
  const rows = db.prepare(`SELECT s.path, h.queue, h.seq, h.start, h.block, h.at, h.length FROM heads h
    JOIN sources s ON s.num = h.source ORDER BY queue, seq`);
  return (rows.all() as (Span & { block: number; at: number; length: number })[]).map(
    ({ block, at, length, ...row }) => {
      const plain = unpack(body.get(block) as Body) as Uint8Array;
      return { ...row, bytes: plain.subarray(at, at + length) };
    },
  );
}

/** Takes rows out as delivered: those that the condition names. */
function deliver(directory: string, where: string): void {
  const db = openSqlite(join(directory, "state.db"));
  db.exec(`CREATE TEMP TABLE gone AS SELECT h.*, s.input FROM heads h JOIN sources s ON s.num = h.source WHERE ${where};
    DELETE FROM heads WHERE (queue, seq) IN (SELECT queue, seq FROM gone);
    UPDATE sources SET chunks = (SELECT count(*) FROM heads WHERE source = num);
    INSERT INTO ledger SELECT input, 'delivered', sum(records), sum(bytes) FROM gone GROUP BY input;`);
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
}

function wreckHeads(directory: string, at: number): void {
  const pages = pagesOf(directory, "heads", "leaf");
  wreck(directory, pages.at(at) as number);
}

/** Salvages, and checks that the state is sound and that every row holds what its file has at its offset, in order. */
function salvaged(directory: string, files: ReadonlyMap<string, Buffer>) {
  const result = salvage(directory, 1e12);
  const db = openForReading(directory) as Database;
  try {
    assert.deepEqual(inspect(db).violations, []);
    assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
    const last = new Map<string, number>();
    for (const { path, start, bytes } of spans(db)) {
      assert.ok(start >= (last.get(path) ?? 0), "in order");
      assert.ok(
        files
          .get(path)
          ?.subarray(start, start + bytes.length)
          .equals(bytes),
        `${path} from ${start} on`,
      );
      last.set(path, start + bytes.length);
    }
    return { ...result, losses: [...readLosses(db, undefined)] };
  } finally {
    db.close();
  }
}

function filesOf(logs: string): Map<string, Buffer> {
  const names = ["a1", "a2", "a3", "b1", "b2", "b3"].map((name) => join(logs, `${name}.log`));
  return new Map(names.map((path) => [path, readFileSync(path)]));
}

for (const [what, at, rows] of [
  ["the first page of heads", 0, 1500],
  ["a page in the middle", 3, 1500],
  ["the last page", -1, 1500],
  ["the only page", 0, 60],
] as const)
  test(`${what} is lost, the files are there: every row is read again`, (t) => {
    const { directory, logs, whole } = backlog(t, rows);
    wreckHeads(directory, at);
    const { kept, reread, lost, losses } = salvaged(directory, filesOf(logs));
    t.diagnostic(`${reread} of ${kept} records were read again`);
    assert.deepEqual([kept, lost, losses], [whole.records, 0, []]);
    assert.ok(reread > 0);
  });

test("what was delivered before the first row is not taken for lost", (t) => {
  const { directory, logs, whole } = backlog(t, 1500);
  deliver(directory, "seq <= 400");
  wreckHeads(directory, 3);
  const { kept, reread, lost } = salvaged(directory, filesOf(logs));
  assert.ok(reread > 0 && kept < whole.records);
  assert.equal(lost, 0);
});

test("a file that is gone: what it had is lost, by exact range, and the rest is read again", (t) => {
  const { directory, logs, whole } = backlog(t, 1500);
  wreckHeads(directory, 3);
  const files = filesOf(logs);
  rmSync(join(logs, "a2.log"));
  rmSync(join(logs, "b1.log"));
  const { kept, reread, lost, lostBytes, losses } = salvaged(directory, files);
  assert.ok(reread > 0 && lost > 0);
  assert.equal(kept + lost, whole.records);
  assert.ok(losses.every(({ merged, path }) => !merged && /a2|b1/.test(path)));
  for (const { path, start, end, bytes, records } of losses) {
    assert.equal(end - start, bytes);
    const lines = (files.get(path) as Buffer).subarray(start, end).filter((byte) => byte === 10).length;
    assert.ok(Math.abs(records - lines) <= losses.length, `${records} of ${lines} lines`);
  }
  assert.equal(
    losses.reduce((sum, { bytes }) => sum + bytes, 0),
    lostBytes,
  );
});

test("a gap in which something was delivered: nobody knows what else, so it is counted, within its source", (t) => {
  const { directory, logs, whole } = backlog(t, 1500);
  const db = openSqlite(join(directory, "state.db"), { readonly: true });
  const seqs = db.prepare("SELECT seq FROM heads ORDER BY queue, seq LIMIT 1 OFFSET 400").pluck().all() as number[];
  db.close();
  deliver(directory, `seq = ${seqs[0]}`);
  const before = openSqlite(join(directory, "state.db"), { readonly: true });
  const buffered = before.prepare("SELECT sum(records) FROM heads").pluck().get() as number;
  before.close();
  assert.ok(buffered < whole.records);
  for (const page of [0, 1, 2]) wreckHeads(directory, page);
  const { kept, lost, losses } = salvaged(directory, filesOf(logs));
  assert.equal(kept + lost, buffered);
  assert.ok(lost > 0 && losses.every(({ merged, uncertain, source }) => merged && uncertain && source !== ""));
});

/** Gives each row the record table of a single record. */
function addTables(db: Database): void {
  const change = db.prepare("UPDATE heads SET table_length = 24, at = ? WHERE queue = ? AND seq = ?");
  const put = db.prepare("UPDATE bodies SET codec = ?, checksum = ?, length = ?, data = ? WHERE block = ?");
  const heads = db.prepare("SELECT queue, seq, at, length FROM heads WHERE block = ? ORDER BY at").raw();
  for (const { block, ...body } of db.prepare("SELECT * FROM bodies").all() as (Body & { block: number })[]) {
    const plain = unpack(body) as Uint8Array;
    const parts: Uint8Array[] = [];
    let to = 0;
    for (const [queue, seq, at, length] of heads.all(block) as [number, number, number, number][]) {
      const table = new Uint8Array(24);
      new DataView(table.buffer).setUint32(0, length, true);
      parts.push(plain.subarray(at, at + length), table);
      change.run(to, queue, seq);
      to += length + table.length;
    }
    const { codec, checksum, length, data } = pack(Buffer.concat(parts));
    put.run(codec, checksum, length, data, block);
  }
}

test("records of several lines are not read again, for nobody knows where each began", (t) => {
  const { directory, logs, whole } = backlog(t, 1500);
  const db = openSqlite(join(directory, "state.db"));
  addTables(db);
  db.exec(
    "UPDATE heads SET records = 1; UPDATE ledger SET records = (SELECT count(*) FROM heads JOIN sources ON num = source WHERE sources.input = ledger.input)",
  );
  db.exec("UPDATE totals SET records = chunks");
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  wreckHeads(directory, 3);
  const { kept, reread, lost, losses } = salvaged(directory, filesOf(logs));
  assert.deepEqual([kept + lost, reread], [whole.rows, 0]);
  assert.ok(losses.every(({ merged, start, end, bytes }) => !merged && end - start === bytes));
});
