// Whatever another agent's state contains, the import does not crash or hang, and returns only offsets found in that state.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { Entry, Fault, Left } from "../../../src/cli/import/entry.ts";
import { entryOf } from "../../../src/cli/import/filebeat-entry.ts";
import { applyCheckpoint, applyLog, applyStates, type Table } from "../../../src/cli/import/filebeat-registry.ts";
import { entriesOf } from "../../../src/cli/import/fluent-bit.ts";
import { parseCheckpoints } from "../../../src/cli/import/vector.ts";

const fixture = (path: string): string =>
  readFileSync(new URL(`../../fixtures/import/${path}`, import.meta.url), "utf8");
const LOG = fixture("filebeat/log.json")
  .replaceAll(/\{INODE:[^}]+\}/g, "12")
  .replaceAll(/\{[A-Z]+\}/g, "7");
const CHECKPOINT = fixture("filebeat-checkpoint/115.json");
const VECTOR = fixture("vector/apache/checkpoints.json");

/** A text with bytes changed, removed or inserted, or cut short. */
function damaged(text: string): fc.Arbitrary<string> {
  const at = fc.nat(text.length - 1);
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom("\n", '"', "{", "}", "[", "-1", "1e400", "null", "\\u0000"),
  );
  const change = fc.tuple(at, fc.nat(30), piece);
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    let out = text;
    for (const [from, length, more] of changes) out = out.slice(0, from) + more + out.slice(from + length);
    return out;
  });
}

function judge(entries: readonly Entry[], left: readonly Left[], faults: readonly Fault[], text: string): void {
  const digits = text.replaceAll(/[^0-9]+/g, " ");
  for (const { offset, path } of entries) {
    assert.ok(Number.isSafeInteger(offset) && offset >= 0, `offset ${offset}`);
    // Large offsets may be written with an exponent.
    if (offset > 0 && offset < 1e6) assert.ok(digits.includes(String(offset)), `offset ${offset} stands nowhere`);
    assert.notEqual(path, "");
  }
  for (const { message } of [...left, ...faults]) assert.ok(message.length > 0);
}

function judgeTable(table: Table, faults: readonly Fault[], text: string): void {
  const meanings = [...table].map(([key, value]) => entryOf(key, value));
  const entries = meanings.flatMap((one) => (one.kind === "entry" ? [one.entry] : []));
  judge(
    entries,
    meanings.flatMap((one) => (one.kind === "left" ? [one.left] : [])),
    faults,
    text,
  );
}

const texts = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    damaged(text),
    fc.string(),
    fc.json(),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes).toString("utf8")),
  );

test("filebeat: log, checkpoint and list of states", () => {
  const property = fc.property(texts(LOG.slice(0, 4000)), texts(CHECKPOINT), (log, checkpoint) => {
    const faults: Fault[] = [];
    const table: Table = new Map();
    applyCheckpoint(table, { file: "c", text: checkpoint }, faults);
    applyStates(table, { file: "s", text: checkpoint }, faults);
    applyLog(table, { file: "l", text: log }, 0, faults);
    judgeTable(table, faults, log + checkpoint);
  });
  fc.assert(property, { numRuns: 2000 });
});

test("filebeat: values of every type in every place", () => {
  const key = fc.oneof(
    fc.constantFrom("filebeat::logs::native::1-2", "filestream::x::native::1-2", "filestream::x::fingerprint::zz"),
    fc.string().map((text) => `filestream::${text}`),
  );
  const anything = fc.jsonValue();
  const value = fc.record(
    {
      source: anything,
      offset: anything,
      timestamp: anything,
      updated: anything,
      ttl: anything,
      FileStateOS: anything,
      identifier_name: anything,
      cursor: fc.oneof(anything, fc.record({ offset: anything })),
      meta: fc.oneof(anything, fc.record({ source: anything, identifier_name: anything, stream: anything })),
    },
    { requiredKeys: [] },
  );
  const property = fc.property(key, value, (name, one) => {
    judgeTable(new Map([[name, one as Record<string, unknown>]]), [], JSON.stringify(one));
  });
  fc.assert(property, { numRuns: 5000 });
});

test("vector", () => {
  const property = fc.property(texts(VECTOR), (text) => {
    try {
      const found = parseCheckpoints({ file: "f", text, input: "i" });
      if (found !== undefined) judge(found.entries, found.left, found.faults, text);
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, "import-foreign");
    }
  });
  fc.assert(property, { numRuns: 5000 });
});

test("fluent-bit: rows of whatever SQLite holds", () => {
  const cell = fc.oneof(
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    fc.string(),
    fc.double(),
    fc.constant(null),
    fc.uint8Array(),
  );
  const row = fc.record({ id: cell, name: cell, offset: cell, inode: cell, created: cell }, { requiredKeys: [] });
  const property = fc.property(fc.array(row), (rows) => {
    const { entries, left, faults } = entriesOf("f", rows);
    assert.equal(entries.length + left.length + faults.length, rows.length);
    judge(entries, left, faults, rows.map(({ offset }) => String(offset)).join(" "));
  });
  fc.assert(property, { numRuns: 5000 });
});
