// Vector's checkpoints: where they are stored, which file counts, and the fingerprints of its versions.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseCheckpoints, readVector } from "../../../src/cli/import/vector.ts";

const one = (fingerprint: string, position = 5): string =>
  `{"fingerprint":${fingerprint},"position":${position},"modified":"2026-11-24T22:12:26.716707593Z"}`;
const document = (...checkpoints: readonly string[]): string =>
  `{"version":"1","checkpoints":[${checkpoints.join(",")}]}`;
const parse = (text: string): ReturnType<typeof parseCheckpoints> =>
  parseCheckpoints({ file: "f", text, input: "app" });

function root(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-vector-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("checksums of 64 bits keep all of their digits", () => {
  const { entries } = parse(document(one('{"first_lines_checksum":11281853657819026973}'))) ?? { entries: [] };
  assert.deepEqual(entries[0]?.recognised, { by: "lines", crc: 11281853657819026973n });
  assert.equal(entries[0]?.name, "first_lines_checksum 11281853657819026973");
});

test("fingerprints of today, of before, and of long before", () => {
  const all = document(
    one('{"first_line_checksum":1}'),
    one('{"dev_inode":[65024,18446744073709551557]}'),
    one('{"checksum":3}'),
    one('{"unknown":4}'),
    one('{"first_lines_checksum":"5"}'),
    one('{"dev_inode":[1]}'),
    one("{}"),
    one("7"),
    one('{"first_lines_checksum":8}', -1),
    "9",
  );
  const { entries, left, faults } = parse(all) ?? { entries: [], left: [], faults: [] };
  assert.deepEqual(
    entries.map(({ recognised }) => recognised),
    [
      { by: "lines", crc: 1n },
      {
        by: "inode",
        device: "65024",
        inode: "18446744073709551557",
        seenMs: Date.parse("2026-11-24T22:12:26.716Z") + 1,
      },
    ],
  );
  assert.deepEqual(
    left.map(({ name, reason }) => `${name}: ${reason}`),
    ["checksum 3", "unknown 4", "first_lines_checksum 5", "dev_inode 1", ""].map((name) => `${name}: unsupported`),
  );
  assert.equal(faults.length, 3);
});

test("every source below the data directory is read, by its name", (t) => {
  const from = root(t);
  for (const name of ["nginx", "pods"]) {
    mkdirSync(join(from, name));
    writeFileSync(join(from, name, "checkpoints.json"), document(one('{"first_lines_checksum":1}')));
  }
  mkdirSync(join(from, "buffer"));
  const { files, entries } = readVector(from);
  assert.deepEqual([files.length, entries.map(({ input }) => input)], [2, ["nginx", "pods"]]);
  assert.equal(readVector(join(from, "pods")).entries.length, 1);
  assert.equal(readVector(join(from, "pods", "checkpoints.json")).entries.length, 1);
});

test("a place that cannot be looked at is said so, and is not taken as empty", (t) => {
  const from = root(t);
  symlinkSync(join(from, "loop"), join(from, "loop"));
  assert.throws(() => readVector(join(from, "loop")), { code: "import-unreadable", exit: 78 });
});

test("what was being written when it died counts where it is whole, else the one before", (t) => {
  const from = root(t);
  writeFileSync(join(from, "checkpoints.json"), document(one('{"first_lines_checksum":1}', 10)));
  writeFileSync(join(from, "checkpoints.new.json"), document(one('{"first_lines_checksum":1}', 20)));
  assert.equal(readVector(from).entries[0]?.offset, 20);
  writeFileSync(join(from, "checkpoints.new.json"), document(one('{"first_lines_checksum":1}', 20)).slice(0, -3));
  const { entries, faults } = readVector(from);
  assert.deepEqual([entries[0]?.offset, faults[0]?.file], [10, join(from, "checkpoints.new.json")]);
});

test("a version that is not known is refused by name", () => {
  assert.throws(() => parse('{"version":"2","checkpoints":[]}'), {
    code: "import-foreign",
    message: /version "2"; 1 is known/,
  });
  // Found by fuzzing: a number too large for JSON to print unchanged.
  assert.throws(() => parse('{"version":[12345678901234567890]}'), {
    message: /version \["12345678901234567890"\]; 1/,
  });
  assert.throws(() => parse("{}"), { message: /version nothing; 1 is known/ });
  assert.equal(parse("{"), undefined);
});
