import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Inspection, NOTHING_STORED, inspect } from "../../../src/buffer/inspect/inspect.ts";
import { openForReading } from "../../../src/buffer/spool/database.ts";
import { Arena } from "../../../src/core/arena.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../../src/core/fate.ts";
import { LINES, type Made, makeState, remove } from "../../helpers/state-directory.ts";
import { Disk } from "../disk.ts";
import { adding } from "../spool/rows.ts";

let made: Made;
before(async () => void (made = await makeState()));
after(() => remove(made));

function look(): Inspection {
  const db = openForReading(made.state);
  assert.ok(db);
  const found = inspect(db);
  db.close();
  return found;
}

test("a running agent's directory is read, and everything in it adds up", () => {
  const { inputs, rows, sources, losses, deadLetters, violations } = look();
  const read = LINES.join("").length;
  assert.deepEqual(violations, []);
  assert.deepEqual([rows.chunks, rows.records, rows.bytes], [2, 4, "seven\neight\nnine\nten\n".length]);
  assert.ok(rows.stored > 2 * 96 && rows.oldestMs !== undefined && rows.newestMs !== undefined);
  assert.equal(sources[0]?.checkpoint, read);
  const [app] = inputs;
  assert.deepEqual(app?.account.read, { records: 10, bytes: read });
  assert.deepEqual(app?.account.fates[DELIVERED], { records: 2, bytes: "one\nthree\n".length });
  assert.equal(app?.account.fates[DEAD]?.records, 1);
  assert.equal(app?.account.fates[SAMPLED]?.records, 1);
  assert.equal(app?.account.fates[DROPPED_OLDEST]?.records, 2);
  assert.deepEqual(app?.buffered, { records: 4, bytes: rows.bytes });
  assert.deepEqual([losses.ranges, losses.records, losses.uncertain], [2, 3, 1]);
  assert.deepEqual(deadLetters, { documents: 1, bytes: (LINES[1] as string).length });
});

test("of nothing there is nothing", () => {
  using disk = new Disk(new Arena(65_536));
  assert.deepEqual(inspect(disk.db), NOTHING_STORED);
});

test("what is not accounted for is found, whatever was changed", () => {
  const broken = (...changes: readonly string[]): string[] => {
    using disk = new Disk(new Arena(1 << 20));
    disk.store.commit(
      adding(
        disk.arena,
        [1, 2].map((seq) => ({ seq, data: "12345", start: 5 * seq - 5 })),
      ),
      1,
    );
    assert.deepEqual(inspect(disk.db).violations, [], "sound as it is");
    for (const sql of changes) disk.db.exec(sql);
    return inspect(disk.db).violations.map(({ rule, input }) => `${rule} ${input}`);
  };
  assert.deepEqual(broken("UPDATE ledger SET records = 3 WHERE fate = 'read'"), ["balance in"]);
  assert.deepEqual(broken("UPDATE sources SET checkpoint = 11"), ["read in"]);
  assert.deepEqual(broken("UPDATE sources SET checkpoint = 9, origin = -1"), ["row-span in"]);
  assert.deepEqual(broken("UPDATE heads SET start = 4 WHERE seq = 2"), ["row-overlap in"]);
  assert.deepEqual(broken("DELETE FROM envelopes"), ["row-orphan in"]);
  assert.deepEqual(broken("DELETE FROM sources"), ["read in", "row-orphan in"]);
  assert.deepEqual(broken("UPDATE totals SET chunks = 3"), ["sum in"]);
  assert.deepEqual(broken("UPDATE blocks SET live = 3"), ["sum unknown"]);
  assert.deepEqual(broken("UPDATE sources SET chunks = 1"), ["sum in"]);
  const lost = broken("DELETE FROM heads WHERE seq = 2");
  assert.deepEqual(new Set(lost), new Set(["balance in", "sum in", "sum unknown"]));
});

test("inputs come by name, those without a source and those without a ledger too", () => {
  using disk = new Disk(new Arena(1 << 20));
  disk.store.commit(adding(disk.arena, [{ seq: 1, input: "b", data: "x" }], { ledger: [] }), 1);
  disk.db.exec("INSERT INTO ledger VALUES ('a', 'read', 1, 1), ('a', 'delivered', 1, 1), ('a', 'retired', 0, 1)");
  assert.deepEqual(
    inspect(disk.db).inputs.map(({ input }) => input),
    ["a", "b"],
  );
});
