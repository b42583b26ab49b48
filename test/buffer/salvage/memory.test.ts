// How much memory a salvage takes, in a process of its own with the memory settings of the agent.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSqlite } from "../../../src/buffer/spool/sqlite.ts";
import { writeBacklog } from "../../helpers/backlog.ts";

const ROWS = 300_000;
const ROWS_PER_BLOCK = 100;
const BYTES = 100;
/**
 * More than before the salvage; seen: 27 to 36, also with 2,000,000 rows. A table of all heads in memory took 61 with 200,000 rows
 * and grew with them.
 */
const MOST_MIB = 60;

const SALVAGE = `
import { readFileSync } from "node:fs";
const { salvage } = await import(process.env.SALVAGE);
const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
const before = peak();
const { kept, lost } = salvage(process.env.DIRECTORY, 1e12);
console.log(JSON.stringify({ kept, lost, mib: peak() - before }));
`;

test(`the memory of a salvage does not grow with the rows: ${ROWS} of them take less than ${MOST_MIB} MiB`, (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-salvage-"));
  t.after(() => rmSync(root, { recursive: true }));
  const directory = join(root, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/a.log"] }];
  writeBacklog(directory, { inputs, rows: 1, bytes: BYTES });
  multiply(directory);
  const settings = ["--max-semi-space-size=2", "--heap-growing-percent=60"];
  const ended = spawnSync(process.execPath, [...settings, "--input-type=module", "--eval", SALVAGE], {
    encoding: "utf8",
    env: {
      ...{ MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072", DIRECTORY: directory },
      SALVAGE: new URL("../../../src/buffer/salvage/salvage.ts", import.meta.url).href,
    },
  });
  assert.equal(ended.status, 0, ended.stderr);
  const { kept, lost, mib } = JSON.parse(ended.stdout) as { kept: number; lost: number; mib: number };
  t.diagnostic(`${Math.round(mib)} MiB more`);
  assert.deepEqual([kept, lost], [ROWS, 0]);
  assert.ok(mib < MOST_MIB, `${mib} MiB`);
});

/** Makes ROWS rows of the only one. */
function multiply(directory: string): void {
  const db = openSqlite(join(directory, "state.db"));
  const numbers = (below: number): string =>
    `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${below}) SELECT i FROM n)`;
  db.exec(`
    BEGIN;
    INSERT INTO heads SELECT queue, seq + i, source, envelope, start + i * ${BYTES}, "end" + i * ${BYTES}, records, bytes, read_at_ms,
      aged_ms, possibly_stored, length, table_length, actions_length, 1 + i / ${ROWS_PER_BLOCK}, 0 FROM heads, ${numbers(ROWS)};
    INSERT INTO bodies SELECT block + i, codec, checksum, length, data FROM bodies, ${numbers(ROWS / ROWS_PER_BLOCK)};
    UPDATE sources SET checkpoint = ${ROWS * BYTES}, chunks = ${ROWS};
    UPDATE ledger SET records = records * ${ROWS}, bytes = bytes * ${ROWS};
    COMMIT;`);
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
}
