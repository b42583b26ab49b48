// Starts on a damaged state without room for a second one: the real store on a small file system.
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { verify } from "../../../src/buffer/inspect/verify.ts";
import { addTo, emptyAccount } from "../../../src/buffer/ledger/ledger.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { PAGE } from "../../../src/buffer/salvage/pages.ts";
import { isCorruption } from "../../../src/buffer/spool/faults.ts";
import { type OpenedStore, type Start, openStore } from "../../../src/buffer/spool/opening.ts";
import { HEAD, headAt, headCount } from "../../../src/buffer/spool/rows/heads.ts";
import { Arena } from "../../../src/core/arena.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";
import { NOTHING, pairs } from "../spool/rows.ts";

const MIB = 1 << 20;

function open(directory: string): OpenedStore & Start {
  const place = { directory, disk: 64 * MIB, deadLetters: MIB, arena: new Arena(MIB).bytes, machine: "m" };
  return openStore(place, { salvage: true, atMs: 1e12, progress: () => {} });
}

function close({ store, lock }: OpenedStore): void {
  store.close();
  lock?.close();
}

/** Changes a state by SQL, by a table of which each page is overwritten, or by bytes of the header. */
type Hurt = (
  | { readonly sql: string }
  | { readonly table: string }
  | { readonly at: number; readonly bytes: readonly number[] }
) & {
  /** Records that the ledger seems to miss. */
  readonly lost?: number;
};

function hurt(directory: string, how: Hurt): void {
  if ("sql" in how) {
    const { db, lock } = openForWriting(directory);
    db.exec(how.sql);
    for (const one of [db, lock]) one.close();
  } else if ("table" in how) {
    for (const page of pagesOf(directory, how.table, "leaf")) wreck(directory, page, 0);
  } else {
    const fd = openSync(join(directory, "state.db"), "r+");
    writeSync(fd, Uint8Array.from(how.bytes), 0, how.bytes.length, how.at);
    closeSync(fd);
  }
}

const WITHOUT_ROOM: Readonly<Record<string, Hurt>> = {
  "no sums": { sql: "DELETE FROM totals" },
  "sums with a flipped bit": { sql: "UPDATE totals SET chunks = chunks + 1024" },
  "a page of the sums": { table: "totals" },
  "no ledger": { sql: "DELETE FROM ledger" },
  "a ledger with a flipped bit": { sql: "UPDATE ledger SET records = records + 4096 WHERE fate = 'read'", lost: 4096 },
  "a fate that nobody knows": { sql: "INSERT INTO ledger VALUES ('a', 'delivereF', 5, 500)" },
  "a page of the ledger": { table: "ledger" },
  "no queue": { sql: "DELETE FROM queues" },
  "a page of the queues": { table: "queues" },
  "a page of the agent's own numbers": { table: "meta" },
  "the agent's own numbers": { sql: "UPDATE meta SET value = '{1' WHERE key = 'state'" },
  "the first byte": { at: 0, bytes: [0x52] },
  "the page size": { at: 16, bytes: [0x41] },
  "the number of its file format": { at: 44, bytes: [0, 0, 0, 9] },
  "the number of its version": { at: 60, bytes: [0, 0, 1, 4] },
  "whose it is": { at: 68, bytes: [0x33] },
};

/** Removes the first rows of a page as delivered. */
function deliver({ store }: OpenedStore, heads: Float64Array, rows: number): void {
  const account = emptyAccount();
  const removed = Array.from({ length: rows }, (_, i) => {
    const head = headAt(heads, i);
    addTo(account.fates[DELIVERED], head[HEAD.records] as number, head[HEAD.bytes] as number);
    return [head[HEAD.queue], head[HEAD.seq]] as [number, number];
  });
  const ledger = [{ input: "a", account, retired: 0 }];
  store.commit({ ...NOTHING, removed: pairs(...removed), ledger }, store.lastWrite() + 1);
}

interface Scene {
  readonly disk: SmallDisk;
  readonly directory: string;
  readonly records: number;
}

/** A damaged state on a disk without room for a second one. Undefined if nothing can be mounted here. */
function scene(t: TestContext, how: Hurt): Scene | undefined {
  const root = mkdtempSync(join(tmpdir(), "spillway-opening-"));
  const disk = SmallDisk.mount("tmpfs", 16, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) {
    t.skip("nothing can be mounted here");
    return undefined;
  }
  const directory = join(disk.path, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  const { records } = writeBacklog(directory, { inputs, rows: 600, bytes: 20_000 });
  hurt(directory, how);
  disk.fill(MIB);
  return { disk, directory, records };
}

for (const [what, { lost = 0, ...how }] of Object.entries(WITHOUT_ROOM))
  test(`damage that a start finds: ${what}; every row is read from the old database, which is salvaged when there is room`, (t) => {
    const made = scene(t, how);
    if (!made) return;
    const { disk, directory, records } = made;
    const opened = open(directory);
    assert.deepEqual([opened.salvaged, isCorruption(opened.damage)], [undefined, true]);
    const [total] = opened.recovered.totals;
    assert.deepEqual([total?.chunks, total?.records, total?.queue], [600, records, 1]);
    const [account] = opened.recovered.ledger;
    assert.deepEqual([account?.input, account?.account.read.records], ["a", records], "the agent's own counts balance");
    assert.deepEqual(opened.recovered.queues, [{ id: 1, policy: "default", target: "t" }]);
    const { heads } = opened.store.backlog.heads(1, 0, 600);
    assert.equal(headCount(heads), 600);
    deliver(opened, heads, 20);
    close(opened);
    disk.clear();
    const again = open(directory);
    assert.equal(again.salvaged?.lost ?? 0, lost);
    assert.equal(again.recovered.totals[0]?.chunks, 580);
    assert.deepEqual(verify(again.db).faults, []);
    close(again);
  });

test("envelopes that cannot be read: the start goes on with new ones, and their rows wait for the salvage", (t) => {
  const made = scene(t, { table: "envelopes" });
  if (!made) return;
  const opened = open(made.directory);
  assert.equal(isCorruption(opened.damage), true);
  assert.deepEqual([opened.recovered.totals[0]?.records, opened.recovered.nextEnvelope], [made.records, 2]);
  assert.throws(() => opened.store.backlog.heads(1, 0, 600), isCorruption);
  assert.deepEqual(
    opened.store.sources(0, 10).map(({ input }) => input),
    ["a"],
    "files are read on where they were",
  );
  close(opened);
  made.disk.clear();
  const again = open(made.directory);
  assert.deepEqual([again.salvaged?.lost, again.recovered.totals[0]?.records], [0, made.records]);
  assert.deepEqual(verify(again.db).faults, []);
  close(again);
});

test("inputs whose first start cannot be read have started before: `start: end` skips none of their files", (t) => {
  const made = scene(t, { table: "meta" });
  if (!made) return;
  const opened = open(made.directory);
  const starts = [{ input: "a", atMs: 0 }];
  assert.deepEqual(opened.recovered.starts, starts);
  close(opened);
  made.disk.clear();
  const again = open(made.directory);
  assert.deepEqual([again.salvaged?.lost, again.recovered.starts], [0, starts]);
  close(again);
});

test("the first starts of many inputs cannot be read, the agent's own numbers can: the start goes on", (t) => {
  const many = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO meta SELECT 'started i' || i, '1' FROM n`;
  const made = scene(t, { sql: many });
  if (!made) return;
  const { directory, records } = made;
  const bytes = readFileSync(join(directory, "state.db"));
  const leaves = pagesOf(directory, "meta", "leaf");
  const others = leaves.filter((page) => !bytes.subarray((page - 1) * PAGE, page * PAGE).includes("nextSeq"));
  assert.ok(others.length > 0 && others.length < leaves.length);
  for (const page of others) wreck(directory, page, 0);
  const opened = open(directory);
  assert.equal(isCorruption(opened.damage), true);
  assert.deepEqual(
    [opened.recovered.totals[0]?.records, opened.recovered.starts],
    [records, [{ input: "a", atMs: 0 }]],
  );
  close(opened);
});
