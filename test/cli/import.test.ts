// `spillway import` as a user runs it: another agent has shipped half of the logs, and exactly the rest must arrive.
import assert from "node:assert/strict";
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import Sqlite from "better-sqlite3";
import { importOffsets } from "../../src/cli/import.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import {
  X_MARKER,
  containerLines,
  copyState,
  oldLines,
  writeFilebeatLogs,
  writeTailDatabase,
  writeVectorLogs,
} from "./import/peers.ts";
import { runBin } from "./run-bin.ts";

interface Scene {
  readonly place: Workplace;
  readonly server: BulkServer;
  readonly numbered: Numbered;
  /** The other agent's state. */
  readonly from: string;
  readonly log: (name: string) => string;
}

async function scene(t: TestContext, inputs: (logs: string) => readonly unknown[]): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, { inputs: inputs(place.logs) });
  const log = (name: string): string => join(place.logs, name);
  return { place, server, numbered: new Numbered(), from: join(place.root, "peer"), log };
}

async function imported({ place, from }: Scene, agent: string, ...more: readonly string[]): Promise<any> {
  const { code, out, err } = await runBin(["import", agent, "--from", from, "-c", place.config, "--json", ...more]);
  assert.equal(code, 0, err + out);
  return JSON.parse(out);
}

/** Asserts that every numbered line arrives once and no old one does, and that the ledger agrees. */
async function assertRest({ place, server, numbered }: Scene): Promise<void> {
  assert.deepEqual(await place.run("--once").exited, { code: 0, signal: null });
  numbered.assertStored(server);
  const { inputs, rows, sources } = place.books();
  assert.equal(rows.records, 0);
  assert.equal(
    inputs.reduce((sum, { account }) => sum + account.read.records, 0),
    numbered.written,
  );
  for (const { origin, checkpoint, identity } of sources) {
    const size = statSync(identity.path, { throwIfNoEntry: false })?.size;
    if (size !== undefined && !identity.path.endsWith(".gz"))
      assert.ok(origin <= checkpoint && checkpoint <= size, identity.path);
  }
}

test("filebeat: of the real registry of 12 files exactly what it had not shipped arrives", async (t) => {
  const inputs = (logs: string): readonly unknown[] => [
    { id: "my-files", paths: [join(logs, "*.log")], exclude: ["cri.log"] },
    { id: "pods", paths: [join(logs, "cri.log")], format: "cri" },
  ];
  const all = await scene(t, inputs);
  const { place, numbered, from, log } = all;
  writeFilebeatLogs(place.logs);
  copyState("filebeat", join(from, "registry", "filebeat"), place.logs);
  for (const name of ["a.log", "f.log", "g.log", "p.log", "half.log", "empty.log", "s.log", "s.log.1"])
    numbered.append(log(name), 10);
  // Between Filebeat's stop and the import, r.log is rotated once more, and writers append to the rotated files.
  renameSync(log("r.log.1"), log("r.log.2"));
  renameSync(log("r.log"), log("r.log.1"));
  for (const name of ["r.log.2", "r.log.1", "r.log"]) numbered.append(log(name), 5);
  const line = (): string => `line ${numbered.written++} x`;
  appendFileSync(log("cri.log"), containerLines(40, 60, line));

  const dry = await imported(all, "filebeat", "--dry-run");
  assert.equal(dry.dry_run, true);
  assert.equal(statSync(place.state, { throwIfNoEntry: false }), undefined, "a dry run wrote something");
  const done = await imported(all, "filebeat");
  assert.deepEqual([done.taken.length, done.left, done.faults], [12, [], []]);
  assert.deepEqual(
    done.new.map(({ path, begins }: any) => [path, begins]),
    [[log("r.log"), "beginning"]],
  );
  const rotated = done.taken.find(({ path_now }: any) => path_now === log("r.log.2"));
  assert.deepEqual([rotated.path, rotated.offset, rotated.lag_bytes], [log("r.log"), 13_000, 500]);
  const again = await imported(all, "filebeat");
  assert.ok(
    again.taken.every(({ how }: any) => how === "kept"),
    "a second run changed something",
  );
  assert.deepEqual(
    again.taken.map(({ source }: any) => source),
    done.taken.map(({ source }: any) => source),
  );
  await assertRest(all);
});

test("fluent-bit: exactly what it had not shipped arrives, of rotated files too", async (t) => {
  const all = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*.log")] }]);
  const { numbered, from, log } = all;
  for (const name of ["a.log", "b.log"]) writeFileSync(log(name), oldLines(name, 0, 130));
  const row = (name: string, offset = 13_000): { name: string; offset: number; inode: number } => {
    return { name: log(name), offset, inode: statSync(log(name)).ino };
  };
  // b.log was rotated while Fluent Bit ran, a.log after Fluent Bit had stopped in the middle of one of its lines.
  const rows = [row("a.log", 13_050), { ...row("b.log"), marker: X_MARKER }];
  writeTailDatabase(from, rows, ["offset_marker", "offset_marker_size"]);
  numbered.append(log("a.log"), 7);
  numbered.append(log("b.log"), 7);
  renameSync(log("a.log"), log("a.log.1"));
  numbered.append(log("a.log"), 3);
  const { taken, left } = await imported(all, "fluent-bit");
  assert.deepEqual(left, []);
  const facts = taken.map(({ path, path_now: now, entry_offset: said, offset }: any) => [path, now, said, offset]);
  assert.deepEqual(facts, [
    [log("a.log"), log("a.log.1"), 13_050, 13_000],
    [log("b.log"), log("b.log"), 13_000, 13_000],
  ]);
  await assertRest(all);
});

test("vector: by the sums of first lines that it wrote itself, whatever its settings", async (t) => {
  const all = await scene(t, (logs) => [{ id: "apache", paths: [join(logs, "*.log")] }]);
  const { place, numbered, from, log } = all;
  writeVectorLogs(place.logs);
  copyState("vector", from, place.logs);
  for (const name of ["a.log", "b.log", "c.log", "e.log", "h.log", "long.log", "pod.log"])
    numbered.append(log(name), 9);
  // a.log is rotated and compressed between Vector's stop and the import. The import recognises it by its content.
  writeFileSync(log("a.log.1.gz"), gzipSync(readFileSync(log("a.log"))));
  rmSync(log("a.log"));
  const without = await imported(all, "vector", "--dry-run");
  assert.deepEqual(
    without.left.map(({ reason, entry }: any) => [reason, entry]),
    [["gone", "first_lines_checksum 112707190001717053"]],
  );
  const { taken, left, faults } = await imported(all, "vector", "--ignored-header-bytes", "21");
  assert.deepEqual([taken.length, left, faults], [7, [], []]);
  await assertRest(all);
});

test("a gzip file that the other agent has read is not read again, one that it has not read is", async (t) => {
  const all = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*")] }]);
  const { numbered, from, log } = all;
  const old = oldLines("old", 0, 500);
  writeFileSync(log("old.log.2.gz"), gzipSync(old));
  numbered.append(log("new.log"), 40);
  writeFileSync(log("new.log.1.gz"), gzipSync(readFileSync(log("new.log"))));
  rmSync(log("new.log"));
  writeTailDatabase(from, [
    { name: log("old.log.2.gz"), offset: old.length, inode: statSync(log("old.log.2.gz")).ino },
  ]);
  const { taken, left } = await imported(all, "fluent-bit");
  assert.deepEqual([taken.map(({ lag_bytes: lag }: any) => lag), left], [[0], []]);
  await assertRest(all);
});

test("it is refused while either agent runs, and changes nothing", async (t) => {
  const all = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*.log")] }]);
  const { place, numbered, from, log } = all;
  numbered.append(log("a.log"), 10);
  writeTailDatabase(from, [{ name: log("a.log"), offset: 500, inode: statSync(log("a.log")).ino }]);
  const agent = place.run();
  await agent.until("all delivered", ({ ledger }) => ledger.delivered.records === 10);
  const { code, err } = await runBin(["import", "fluent-bit", "--from", from, "-c", place.config]);
  assert.equal(code, 75);
  assert.match(err, /in use by process \d+; .* \[state-locked\]/);
  await agent.stop();
  const other = new Sqlite(from);
  other.prepare("SELECT count(*) FROM in_tail_files").get();
  const running = await runBin(["import", "fluent-bit", "--from", from, "-c", place.config]);
  assert.equal(running.code, 75);
  assert.match(running.err, new RegExp(`is in use by process ${process.pid}; stop the other agent first.*import-busy`));
  assert.equal((await runBin(["import", "fluent-bit", "--from", from, "-c", place.config, "--dry-run"])).code, 0);
  other.close();
  // A file that this agent has read keeps its position, whatever the other agent's state says.
  const { taken } = await imported(all, "fluent-bit");
  assert.deepEqual([taken[0].how, taken[0].offset], ["kept", 1000]);
});

test("with `start: end` files without an entry begin at their start once one is taken over, and it says so", async (t) => {
  const all = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*.log")], start: "end" }]);
  const { place, numbered, from, log } = all;
  writeFileSync(log("a.log"), oldLines("a.log", 0, 10));
  numbered.append(log("a.log"), 4);
  numbered.append(log("b.log"), 4);
  writeTailDatabase(from, []);
  assert.equal((await imported(all, "fluent-bit")).new[0].begins, "end");
  rmSync(from);
  writeTailDatabase(from, [{ name: log("a.log"), offset: 1000, inode: statSync(log("a.log")).ino }]);
  const { code, out, err } = await runBin(["import", "fluent-bit", "--from", from, "-c", place.config]);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^app +400  at its start  ${log("b.log")}$`, "m"));
  assert.match(
    out,
    /\n1 file taken over, 400 B of them left to read; 1 file without an entry begins at the start, 400 B\n$/,
  );
  assert.match(err, /^next: spillway run -c .*; fluent-bit must stay stopped$/m);
  await assertRest(all);
});

test(
  "what root writes belongs to the directory's owner",
  { skip: process.getuid?.() !== 0 && "needs root" },
  async (t) => {
    const all = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*.log")] }]);
    const { place, numbered, from, log } = all;
    numbered.append(log("a.log"), 2);
    mkdirSync(place.state);
    chownSync(place.state, 4321, 4322);
    writeTailDatabase(from, [{ name: log("a.log"), offset: 100, inode: statSync(log("a.log")).ino }]);
    assert.equal((await imported(all, "fluent-bit")).taken.length, 1);
    const owners = readdirSync(place.state).map((name) => statSync(join(place.state, name)));
    assert.ok(owners.length >= 2);
    for (const { uid, gid } of owners) assert.deepEqual([uid, gid], [4321, 4322]);
  },
);

test("a place without a state, of another kind, or unnamed is refused with a way out", async (t) => {
  const { place } = await scene(t, (logs) => [{ id: "app", paths: [join(logs, "*.log")] }]);
  const refused = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
    const { code, err } = await runBin(["import", ...args, "-c", place.config]);
    return [code, /\[([a-z-]+)\]/.exec(err)?.[1] ?? err];
  };
  assert.deepEqual(await refused("filebeat", "--from", place.root), [78, "import-missing"]);
  assert.deepEqual(await refused("vector", "--from", place.root), [78, "import-missing"]);
  assert.deepEqual(await refused("fluent-bit", "--from", join(place.root, "no.db")), [78, "import-missing"]);
  assert.deepEqual(await refused("fluent-bit", "--from", place.root), [78, "import-foreign"]);
  assert.deepEqual(await refused("fluent-bit", "--from", place.config), [78, "import-foreign"]);
  assert.deepEqual(await refused("fluent-bit"), [64, "usage"]);
  assert.deepEqual(
    importOffsets.commands?.map(({ exits }) => Object.keys(exits)),
    [
      ["75", "78"],
      ["75", "78"],
      ["75", "78"],
    ],
  );
});
