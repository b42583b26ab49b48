// One round: damages a copy of a state directory as a disk does, salvages it, and compares the result with what was readable.
// Rows whose pages are all intact must be there, byte for byte, and the ledger must balance.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "../../src/buffer/inspect/inspect.ts";
import { salvage } from "../../src/buffer/salvage/salvage.ts";
import { openSqlite } from "../../src/buffer/spool/sqlite.ts";
import { Dice } from "../simulation/violation.ts";
import { Damage } from "./damage.ts";
import { checksums } from "./oracle.ts";
import { type Commit, type Template, copyState } from "./template.ts";

export interface Round {
  readonly rows: number;
  readonly kept: number;
  /** Rows of which no page was damaged. All of them must be kept. */
  readonly intact: number;
  /** Rows that had been delivered and are back. Salvage guarantees at-least-once, not at-most-once. */
  readonly back: number;
}

/** Throws if a check fails. */
export function playRound(template: Template, seed: number): Round {
  const root = mkdtempSync(join(tmpdir(), "spillway-damage-"));
  try {
    copyState(template.directory, root);
    const damage = new Damage(root, new Dice(seed));
    damage.doSome();
    const commit = template.commits.findLast(({ end }, i) => i === 0 || end <= damage.wholeWal) as Commit;
    const hit = new Set([...damage.pages].filter((page) => page <= commit.pageCount && !commit.inWal.has(page)));
    const where = `seed ${seed}: ${damage.told.join("; ")}; damaged pages ${[...hit].join(", ")}`;
    try {
      return judge(root, template, commit, hit);
    } catch (error) {
      throw new Error(where, { cause: error });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function judge(directory: string, { ever }: Template, commit: Commit, hit: ReadonlySet<number>): Round {
  const { kept, lost } = salvage(directory, 1e12);
  const db = openSqlite(join(directory, "state.db"));
  try {
    assert.deepEqual(inspect(db).violations, []);
    assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
    const sums = checksums(db);
    const isHit = (row: string): boolean => [...(commit.pages.get(row) ?? [])].some((page) => hit.has(page));
    const intact = [...commit.sums.keys()].filter((row) => !isHit(row));
    const missing = intact.filter((row) => !sums.has(row));
    assert.deepEqual(missing, [], "rows are lost though their pages are intact");
    let back = 0;
    for (const [row, sum] of sums) {
      if (!commit.sums.has(row)) back++;
      if (!isHit(row)) assert.equal(sum, ever.get(row), `row ${row} is another`);
    }
    if (hit.size === 0) assert.deepEqual([sums.size, lost], [commit.sums.size, 0], "nothing was damaged");
    if (lost > 0 && back === 0) assert.ok(kept + lost <= commit.records, `${kept} + ${lost} of ${commit.records}`);
    return { rows: commit.sums.size, kept: sums.size, intact: intact.length, back };
  } finally {
    db.close();
  }
}
