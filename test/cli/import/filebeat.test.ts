// Filebeat's registries: the forms of the versions in use, what its inputs write, and damaged registries.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { entryOf } from "../../../src/cli/import/filebeat-entry.ts";
import { applyLog, type Table } from "../../../src/cli/import/filebeat-registry.ts";
import { readFilebeat } from "../../../src/cli/import/filebeat.ts";
import type { Fault } from "../../../src/cli/import/entry.ts";

const CHECKPOINT = fileURLToPath(new URL("../../fixtures/import/filebeat-checkpoint", import.meta.url));
/** One entry of a registry. Filebeat 6 wrote the registry as an array of these. */
const STATE = {
  source: "/var/log/a.log",
  offset: 100,
  timestamp: "2019-01-02T03:04:05.678901234+01:00",
  ttl: -1,
  type: "log",
  meta: null,
  FileStateOS: { inode: 12, device: 34 },
};

function root(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-filebeat-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

test("a checkpoint and the log after it: the later one counts, and what was removed is gone", (t) => {
  const home = join(root(t), "registry", "filebeat");
  cpSync(CHECKPOINT, home, { recursive: true });
  const { files, entries, left, faults } = readFilebeat(dirname(dirname(home)));
  assert.deepEqual([files, left, faults], [[join(home, "115.json"), join(home, "log.json")], [], []]);
  assert.equal(entries.length, 13);
  const offsets = Object.fromEntries(
    entries.map(({ path, recognised, offset }) => [`${path} ${recognised.by}`, offset]),
  );
  assert.equal(offsets["/var/log/app/a.log inode"], 14_000);
  assert.equal(offsets["/var/log/app/p.log path"], 13_000);
  assert.equal(offsets["/var/log/app/f.log sha256"], 13_000);
  const half = entries.find(({ path }) => path === "/var/log/app/half.log");
  assert.deepEqual(half?.recognised, { by: "inode", inode: "10282520", device: "65024", seenMs: 1_795_558_135_000 });
});

test("what a crash left in the log before the checkpoint is not applied again", (t) => {
  const home = join(root(t), "filebeat");
  cpSync(CHECKPOINT, home, { recursive: true });
  const key = "filebeat::logs::native::10282511-65024";
  const stale = `{"op":"remove","id":115}\n{"k":"${key}"}\n`;
  writeFileSync(join(home, "log.json"), stale);
  const { entries, faults } = readFilebeat(home);
  assert.deepEqual([entries.find(({ name }) => name === key)?.offset, faults], [15_000, []]);
});

test("its data directory, the registry, its home, and older forms are found alike", (t) => {
  const states = JSON.stringify([STATE]);
  const from = root(t);
  put(join(from, "six", "registry"), states);
  put(join(from, "seven", "registry", "filebeat", "data.json"), states);
  put(join(from, "seven", "registry", "filebeat", "meta.json"), '{"version": "0"}');
  put(join(from, "seven", "meta.json"), '{"uuid":"x"}');
  for (const path of ["six", "six/registry", "seven", "seven/registry", "seven/registry/filebeat"]) {
    const { entries, faults } = readFilebeat(join(from, path));
    assert.deepEqual([entries.map(({ path }) => path), faults], [["/var/log/a.log"], []], path);
    const recognised = { by: "inode", inode: "12", device: "34", seenMs: Date.parse(STATE.timestamp) + 1 };
    assert.deepEqual(entries[0]?.recognised, recognised);
  }
});

test("a version that is not known is refused by name", (t) => {
  const from = root(t);
  put(join(from, "registry", "filebeat", "meta.json"), '{"version":"2"}');
  assert.throws(() => readFilebeat(from), { code: "import-foreign", message: /version "2"; 0 and 1 are known$/ });
});

test("a broken line is said with its number, and the lines around it count", () => {
  const lines = [
    '{"op":"set","id":5}',
    '{"k":"filestream::a::path::/in-the-checkpoint","v":{"cursor":{"offset":1}}}',
    '{"op":"set","id":6}',
    '{"k":"filestream::a::path::/b","v":{"cur',
    '{"op":"set","id":7}',
    '{"k":"filestream::a::path::/c","v":{"cursor":{"offset":3}}}',
    '{"op":["merge",12345678901234567890],"id":8}',
    '{"k":"filestream::a::path::/c","v":{"cursor":{"offset":4}}}',
    '{"op":"set","id":9}',
    '{"op":"remove","id":10}',
    '{"k":"filestream::a::path::/a"}',
    '{"k":"filestream::a::path::/c","v":{"cursor":{"offset":5}}}',
    "",
    '{"op":"set","id":11}',
  ];
  const table: Table = new Map([["filestream::a::path::/a", {}]]);
  const faults: Fault[] = [];
  applyLog(table, { file: "log.json", text: lines.join("\n") }, 5, faults);
  assert.deepEqual([...table], [["filestream::a::path::/c", { cursor: { offset: 3 } }]]);
  assert.deepEqual(
    faults.map(({ line }) => line),
    [4, 7, 9, 12, 14],
  );
});

test("what each input writes", () => {
  const time = [480_000_000, 1_700_000_000];
  const stream = { ttl: 1_800_000_000_000, updated: time, cursor: { offset: 7 } };
  const facts = (key: string, value: Readonly<Record<string, unknown>>): unknown => {
    const meaning = entryOf(key, value);
    if (meaning.kind === "left") return meaning.left.reason;
    if (meaning.kind === "no file") return "no file";
    const { input, path, recognised, stream, offset } = meaning.entry;
    return [input, path, recognised.by, stream, offset];
  };
  const meta = (name: string): unknown => ({ source: "/l", identifier_name: name });
  const hash = "ab".repeat(32);
  assert.deepEqual(facts("filestream::x::y::native::1-2", { ...stream, meta: meta("native") }), [
    "x::y",
    "/l",
    "inode",
    undefined,
    7,
  ]);
  assert.deepEqual(facts(`filestream::x::fingerprint::${hash}-stderr`, { ...stream, meta: meta("fingerprint") }), [
    "x",
    "/l",
    "sha256",
    "stderr",
    7,
  ]);
  const growing = { ...stream, meta: meta("growing_fingerprint") };
  assert.deepEqual(facts("filestream::x::growing_fingerprint::6f6c64", growing), ["x", "/l", "head", undefined, 7]);
  const short = { ...stream, meta: { source: "/l", identifier_name: "fingerprint", fingerprint: "6f6c64" } };
  assert.deepEqual(facts(`filestream::x::fingerprint::${hash}`, short), ["x", "/l", "head", undefined, 7]);
  const fresh = { ...stream, cursor: null, meta: meta("inode_marker") };
  assert.deepEqual(facts("filestream::x::inode_marker::1-mark", fresh), ["x", "/l", "inode", undefined, 0]);
  assert.equal(facts("filestream::x::own::1", { ...stream, meta: meta("own") }), "unsupported");
  assert.equal(facts("filestream::x::path::/l", { ...stream, ttl: 0, meta: meta("path") }), "given-up");
  const goneByLink = facts("filestream::x::native::1-2", { ...stream, ttl: 0, meta: meta("native") });
  assert.deepEqual(goneByLink, ["x", "/l", "inode", undefined, 7]);
  assert.equal(
    facts("filestream::x::native::1-2", { ...stream, cursor: { offset: -1 }, meta: meta("native") }),
    "unsupported",
  );
  const windows = { ...STATE, FileStateOS: { idxhi: 1, idxlo: 2, vol: 3 } };
  assert.equal(facts("filebeat::logs::native::1-2-3", windows), "unsupported");
  const rare = facts("filebeat::logs::ea74-native::12-34", { ...STATE, meta: { stream: "stderr" } });
  assert.deepEqual(rare, [undefined, "/var/log/a.log", "inode", "stderr", 100]);
  for (const key of ["journald::x", "winlogbeat", "httpjson::a::b"]) assert.equal(facts(key, {}), "no file");
});

test("inodes of 64 bits keep all of their digits, and a time that was never set is none", () => {
  const inode = "18446744073709551557";
  const value = { ...STATE, timestamp: [1, 18446744011573954816n] };
  const meaning = entryOf(`filebeat::logs::native::${inode}-34`, value);
  assert.ok(meaning.kind === "entry");
  assert.deepEqual(meaning.entry.recognised, { by: "inode", inode, device: "34", seenMs: Infinity });
});
