// Planning an import with real files: which file each entry means, which input reads that file, and the reason when nothing fits.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Entry, Recognised } from "../../../src/cli/import/entry.ts";
import { Finder } from "../../../src/cli/import/find.ts";
import { Heads } from "../../../src/cli/import/heads.ts";
import { type Plan, plan } from "../../../src/cli/import/plan.ts";
import { Scope } from "../../../src/cli/import/scope.ts";
import type { FirstStart } from "../../../src/buffer/spool/spool.ts";
import { loadText } from "../../../src/config/load.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { KnownSource } from "../../../src/core/source.ts";
import { X_MARKER, oldLines } from "./peers.ts";

interface Place {
  readonly root: string;
  readonly log: (name: string) => string;
  /** Writes a file with this number of lines of 100 bytes. */
  readonly write: (name: string, lines: number, text?: string) => string;
}

function place(t: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), "spillway-plan-"));
  t.after(() => rmSync(root, { recursive: true }));
  const log = (name: string): string => join(root, name);
  const write = (name: string, lines: number, text = name): string => {
    writeFileSync(log(name), oldLines(text, 0, lines));
    return log(name);
  };
  return { root, log, write };
}

const BY_PATH: Recognised = { by: "path", seenMs: Infinity };
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function inode(path: string, more: Partial<Extract<Recognised, { by: "inode" }>> = {}): Recognised {
  const { ino, dev } = statSync(path, { bigint: true });
  return { by: "inode", inode: String(ino), device: String(dev), seenMs: Infinity, ...more };
}

function entry(path: string | undefined, recognised: Recognised, offset: number, more: Partial<Entry> = {}): Entry {
  return { name: `entry of ${path}`, input: undefined, path, recognised, offset, ...more };
}

async function decide(
  inputs: readonly unknown[],
  entries: readonly Entry[],
  known: readonly KnownSource[] = [],
  starts: readonly FirstStart[] = [],
): Promise<Plan> {
  const text = JSON.stringify({ inputs, output: { hosts: ["http://127.0.0.1:9200"], index: "logs" } });
  const { config } = loadText("c.yml", text, { set: [], env: {} });
  const paths = entries.map(({ path }) => path).filter((path) => path !== undefined);
  const scope = await Scope.look(config.inputs, paths, systemClock);
  const finder = new Finder(scope, new Heads(scope.files, 0));
  const reading = { files: [], locks: [], entries, left: [], faults: [] };
  return plan({ reading, inputs: config.inputs, scope, finder, known, starts, nowMs: systemClock.wall() });
}

const reasons = ({ left }: Plan): readonly string[] => left.map(({ reason }) => reason);
const taken = (made: Plan): unknown =>
  made.taken.map(({ source, path }) => [source.input, source.identity.path, path, source.checkpoint]);

test("what fits nothing is left with its reason", async (t) => {
  const { root, log, write } = place(t);
  const elsewhere = place(t).write("x.log", 3);
  for (const name of ["short.log", "late.log", "other.log", "skip.log", "twin-a.log", "twin-b.log"])
    write(name, 3, "same");
  writeFileSync(log("packed.log"), gzipSync(oldLines("packed", 0, 30)));
  const twins = { by: "head", head: Buffer.from(oldLines("same", 0, 1)) } as const;
  const made = await decide(
    [{ id: "app", paths: [join(root, "*.log")], exclude: ["skip.log"] }],
    [
      entry(log("gone.log"), BY_PATH, 5),
      entry(log("short.log"), inode(log("short.log")), 301),
      entry(log("late.log"), inode(log("late.log"), { seenMs: systemClock.wall() - 3_600_000 }), 100),
      entry(log("late.log"), { by: "path", seenMs: systemClock.wall() - 3_600_000 }, 100),
      entry(log("other.log"), { by: "inode", inode: "1", device: undefined, seenMs: Infinity }, 100),
      entry(log("skip.log"), BY_PATH, 100),
      entry(elsewhere, BY_PATH, 100),
      entry(log("packed.log"), BY_PATH, 2900),
      entry(log("moved.log"), twins, 100),
      entry(undefined, { by: "lines", crc: 7n }, 100),
    ],
  );
  assert.deepEqual(made.taken, []);
  // Entries for a compressed and a short file are matched first and rejected later, so the order differs.
  assert.deepEqual(reasons(made).toSorted(), [
    "ambiguous",
    "compressed",
    "excluded",
    "gone",
    "gone",
    "no-input",
    "other-file",
    "other-file",
    "other-file",
    "truncated",
  ]);
  const fresh = made.fresh.map(({ path }) => path.slice(root.length + 1));
  assert.deepEqual(fresh, ["late.log", "other.log", "packed.log", "short.log", "twin-a.log", "twin-b.log"]);
});

test("a file that was truncated and has grown beyond the offset is found out where the agent kept a sum of it", async (t) => {
  const { log, write } = place(t);
  const before = BigInt.asUintN(64, X_MARKER);
  const same = write("a.log", 3);
  const anew = log("b.log");
  writeFileSync(anew, "other ".repeat(100));
  const inputs = [{ id: "app", paths: [same, anew] }];
  const entries = [same, anew].map((path) => entry(path, inode(path), 200, { before }));
  const made = await decide(inputs, entries);
  assert.deepEqual(taken(made), [["app", same, same, 200]]);
  assert.deepEqual(reasons(made), ["truncated"]);
});

test("a rotated file is found under any name beside its old one, and goes by the name that its input knows", async (t) => {
  const { root, log, write } = place(t);
  mkdirSync(log("old"));
  const entries = ["a.log", "b.log", "c.log"].map((name) => entry(log(name), inode(write(name, 3)), 200));
  renameSync(log("a.log"), log("a-20261124.log.save"));
  renameSync(log("b.log"), log("old/b.log"));
  renameSync(log("c.log"), log("d.log"));
  const { taken: files } = await decide([{ id: "app", paths: [join(root, "*.log")] }], entries);
  assert.deepEqual(
    files.map(({ source, path }) => [source.identity.path, path]),
    [
      [log("a.log"), log("a-20261124.log.save")],
      [log("b.log"), log("old/b.log")],
      [log("d.log"), log("d.log")],
    ],
  );
});

test("a file without a path of its own goes by the name that its own begins with", async (t) => {
  const { log, write } = place(t);
  write("a.log", 1);
  const head = Buffer.from(oldLines("rotated", 0, 1));
  write("a.log.2", 3, "rotated");
  write("b.log.2", 3, "unknown");
  const unknown = Buffer.from(oldLines("unknown", 0, 1));
  const made = await decide(
    [{ id: "app", paths: [log("a.log")] }],
    [entry(undefined, { by: "head", head }, 200), entry(undefined, { by: "head", head: unknown }, 200)],
  );
  assert.deepEqual(taken(made), [["app", log("a.log"), log("a.log.2"), 200]]);
  assert.deepEqual(reasons(made), ["no-input"]);
});

test("device numbers may have changed where the place is the same, and only there", async (t) => {
  const { root, log, write } = place(t);
  const inputs = [{ id: "app", paths: [join(root, "*")] }];
  const same = inode(write("a.log", 3), { device: "1" });
  assert.deepEqual(taken(await decide(inputs, [entry(log("a.log"), same, 200)])), [
    ["app", log("a.log"), log("a.log"), 200],
  ]);
  const moved = await decide(inputs, [entry(log("b.log"), same, 200)]);
  assert.deepEqual([moved.taken, reasons(moved)], [[], ["gone"]]);
});

/** A file system other than that of the temporary directory. */
const SHARED_MEMORY = "/dev/shm";
const isThere = statSync(SHARED_MEMORY, { throwIfNoEntry: false });
const oneDevice = (isThere === undefined || isThere.dev === statSync(tmpdir()).dev) && "needs a second file system";

test("without a device an inode counts on that of its directory alone", { skip: oneDevice }, async (t) => {
  const { root, log, write } = place(t);
  const other = mkdtempSync(join(SHARED_MEMORY, "spillway-plan-"));
  t.after(() => rmSync(other, { recursive: true }));
  symlinkSync(other, log("mount"));
  const foreign = inode(write("mount/x.log", 3), { device: undefined });
  const made = await decide([{ id: "app", paths: [join(root, "**/*.log")] }], [entry(log("a.log"), foreign, 100)]);
  assert.deepEqual([made.taken, reasons(made)], [[], ["gone"]]);
});

test("every input that reads the file goes on there, by links too; its own entry goes first, else the least offset", async (t) => {
  const { root, log, write } = place(t);
  write("a.log", 5);
  symlinkSync(log("a.log"), log("link"));
  linkSync(log("a.log"), log("hard"));
  const inputs = [
    { id: "one", paths: [log("a.log")] },
    { id: "two", paths: [log("link"), log("hard")] },
  ];
  const made = await decide(inputs, [
    entry(log("a.log"), inode(log("a.log")), 400, { name: "x", input: "two" }),
    entry(log("a.log"), inode(log("a.log")), 300, { name: "y" }),
    entry(log("a.log"), inode(log("a.log")), 500, { name: "z", input: "three" }),
  ]);
  const found = made.taken.map(({ source, entry: { name } }) => [source.input, name, source.checkpoint]);
  assert.deepEqual(found, [
    ["one", "y", 300],
    ["two", "x", 400],
  ]);
  assert.deepEqual(new Set(reasons(made)), new Set(["second-entry"]));
  assert.deepEqual(made.fresh, []);
  assert.ok(root);
});

test("lengths of a fingerprint other than the usual one are found out, by whichever file is in its place", async (t) => {
  const { root, log, write } = place(t);
  const print = (text: string): Recognised => ({ by: "sha256", hash: sha256(oldLines(text, 0, 30).slice(0, 1500)) });
  const inputs = [{ id: "app", paths: [join(root, "*")] }];
  // All were rotated once more, so a.log.1 is now a file that was not read yet.
  for (const [name, text] of [
    ["a.log.1", "new"],
    ["a.log.2", "one"],
    ["b.log.2", "two"],
  ] as const)
    write(name, 30, text);
  const entries = [entry(log("a.log.1"), print("one"), 2000), entry(log("b.log.1"), print("two"), 2000)];
  const found = [
    ["app", log("a.log.2"), log("a.log.2"), 2000],
    ["app", log("b.log.2"), log("b.log.2"), 2000],
  ];
  assert.deepEqual(taken(await decide(inputs, entries)), found);
  write("c.log", 30, "three");
  const inPlace = entry(log("c.log"), print("three"), 3000);
  const more = [...found, ["app", log("c.log"), log("c.log"), 3000]];
  assert.deepEqual(taken(await decide(inputs, [...entries, inPlace])), more);
});

test("files that are shorter than a fingerprint are known by the hexadecimal text of what they had, renamed or not", async (t) => {
  const { root, log, write } = place(t);
  const inputs = [{ id: "app", paths: [join(root, "*")] }];
  const print = (text: string): Recognised => {
    return { by: "sha256", hash: sha256(Buffer.from(oldLines(text, 0, 2)).toString("hex")) };
  };
  // Both files have grown since the entries were written.
  write("a.log", 4, "one");
  write("b.log.1", 30, "two");
  write("b.log", 30, "new");
  const made = await decide(inputs, [entry(log("a.log"), print("one"), 200), entry(log("b.log"), print("two"), 200)]);
  assert.deepEqual(taken(made), [
    ["app", log("a.log"), log("a.log"), 200],
    ["app", log("b.log.1"), log("b.log.1"), 200],
  ]);
  write("b.log.2", 30, "two");
  const twice = await decide(inputs, [entry(log("b.log"), print("two"), 200)]);
  assert.deepEqual(reasons(twice), ["ambiguous"]);
});

test("a source of which nothing was read is moved, one that was read stays, and another generation is no hindrance", async (t) => {
  const { root, log, write } = place(t);
  write("a.log", 5);
  const inputs = [{ id: "app", paths: [join(root, "*.log")] }];
  const at = async (offset: number, known: readonly KnownSource[] = []): Promise<Plan["taken"][number]> => {
    const made = await decide(inputs, [entry(log("a.log"), inode(log("a.log")), offset)], known);
    return made.taken[0] as Plan["taken"][number];
  };
  const { source } = await at(200);
  assert.deepEqual([source.origin, source.checkpoint], [200, 200]);
  const moved = await at(400, [source]);
  assert.deepEqual([moved.how, moved.source.id, moved.source.checkpoint], ["moved", source.id, 400]);
  assert.equal((await at(200, [source])).how, "kept");
  const read = { ...source, origin: 100 };
  const kept = await at(400, [read]);
  assert.deepEqual([kept.how, kept.source], ["kept", read]);
  const before = { ...read, identity: { ...source.identity, headHash: 1 } };
  assert.equal((await at(400, [before])).how, "new");
});

test("an offset inside of a line goes back to its start, however long the line, in every encoding", async (t) => {
  const { log } = place(t);
  const path = log("a.log");
  const origins = async (bytes: Buffer, offsets: readonly number[], encoding = "utf-8"): Promise<readonly number[]> => {
    writeFileSync(path, bytes);
    const found: number[] = [];
    for (const offset of offsets) {
      const made = await decide([{ id: "app", paths: [path], encoding }], [entry(path, BY_PATH, offset)]);
      found.push((made.taken[0] as Plan["taken"][number]).source.origin);
    }
    return found;
  };
  const lines = Buffer.from("one\ntwo\nthree");
  assert.deepEqual(await origins(lines, [0, 1, 3, 4, 5, 8, 13]), [0, 0, 0, 4, 4, 8, 8]);
  for (const length of [65_535, 65_536, 200_000]) {
    const long = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(length, "x")]);
    assert.deepEqual(await origins(long, [1, 2, long.length]), [0, 2, 2]);
  }
  // U+0A0A and U+0A00 contain a byte 10 but end no line. A byte order mark tells the byte order.
  const little = Buffer.from("a\u0a0a\nb\u0a00c", "utf16le");
  assert.deepEqual(await origins(little, [3, 5, 6, 7, 11, 12], "utf-16le"), [0, 0, 6, 6, 6, 6]);
  const big = Buffer.from(Buffer.from("\ufeffa\nb\u0a00", "utf16le")).swap16();
  assert.deepEqual(await origins(big, [2, 4, 5, 6, 7, 10], "utf-16"), [0, 0, 0, 6, 6, 6]);
});

test("a gzip file that was read to its end is known, whichever bytes its offset counts; else it is read anew", async (t) => {
  const { root, log } = place(t);
  const content = oldLines("packed", 0, 300);
  const packed = gzipSync(content);
  for (const name of ["whole.log.gz", "stored.log.gz", "half.log.gz"]) writeFileSync(log(name), packed);
  writeFileSync(log("since.log.1.gz"), gzipSync(oldLines("since", 0, 300)));
  const head = Buffer.from(oldLines("since", 0, 2));
  const print: Recognised = { by: "sha256", hash: sha256(content.slice(0, 1024)) };
  const made = await decide(
    [{ id: "app", paths: [join(root, "*.gz")] }],
    [
      entry(log("whole.log.gz"), print, content.length),
      entry(log("stored.log.gz"), BY_PATH, packed.length),
      entry(log("half.log.gz"), BY_PATH, 1000),
      // Compressed after the entry was written. The file is recognised by the first bytes of its content.
      entry(log("since.log"), { by: "head", head }, 1000),
    ],
  );
  const known = made.taken.map(({ source, size }) => [source.checkpoint, size, source.mark.length]);
  const whole = [content.length, packed.length, 0];
  assert.deepEqual(known, [whole, whole, [1000, statSync(log("since.log.1.gz")).size, 0]]);
  assert.deepEqual(reasons(made), ["compressed"]);
  assert.deepEqual(
    made.fresh.map(({ path, begins }) => [path, begins]),
    [[log("half.log.gz"), "beginning"]],
  );
});

test("what is in its place is believed where others look alike; a directory that cannot be looked into is said", async (t) => {
  const { root, log, write } = place(t);
  write("a.log", 3, "same");
  write("b.log", 3, "same");
  symlinkSync(log("loop"), log("loop"));
  const head = Buffer.from(oldLines("same", 0, 1));
  const entries = [entry(log("b.log"), { by: "head", head }, 100), entry(log("loop/a.log"), BY_PATH, 100)];
  const made = await decide([{ id: "app", paths: [join(root, "*.log")] }], entries);
  assert.deepEqual(taken(made), [["app", log("b.log"), log("b.log"), 100]]);
  assert.deepEqual(reasons(made), ["unreadable"]);
  assert.deepEqual(made.unreadable, [log("loop")]);
  // The entry has no path, and two files match: the one that is long enough is taken.
  write("a.log", 5, "same");
  const long = await decide(
    [{ id: "app", paths: [join(root, "*.log")] }],
    [entry(undefined, { by: "head", head }, 400)],
  );
  assert.deepEqual(taken(long), [["app", log("a.log"), log("a.log"), 400]]);
});

test("a file that is read by a link goes by the path to which it leads, as the agent itself has it", async (t) => {
  const { log, write } = place(t);
  mkdirSync(log("pods"));
  mkdirSync(log("containers"));
  write("pods/0.log", 3);
  symlinkSync(log("pods/0.log"), log("containers/a.log"));
  const inputs = [{ id: "app", paths: [log("containers/*.log")] }];
  const made = await decide(inputs, [entry(log("containers/a.log"), inode(log("pods/0.log")), 100)]);
  assert.deepEqual(taken(made), [["app", log("pods/0.log"), log("pods/0.log"), 100]]);
  // The kubelet has rotated the file since. The rotated file is found by the name of the link's target.
  const rotated = entry(log("containers/a.log"), inode(log("pods/0.log")), 100);
  renameSync(log("pods/0.log"), log("pods/0.log.20261124-200000"));
  write("pods/0.log", 1, "new");
  const later = taken(await decide(inputs, [rotated]));
  assert.deepEqual(later, [["app", log("pods/0.log"), log("pods/0.log.20261124-200000"), 100]]);
});

test("files without an entry begin where the agent would begin them", async (t) => {
  const { log, write } = place(t);
  const [a, b, old] = [write("a.log", 1), write("b.log", 2), write("old.log", 3)];
  writeFileSync(log("empty.log"), "");
  utimesSync(old, 1, 1);
  const inputs = [
    { id: "one", paths: [a], start: "end" },
    { id: "two", paths: [b, old, log("empty.log")], ignore_older: "1h" },
  ];
  const begins = async (...starts: readonly FirstStart[]): Promise<unknown> =>
    (await decide(inputs, [], [], starts)).fresh.map((file) => [file.path, file.size, file.begins]);
  const others = [
    [b, 200, "beginning"],
    [old, 300, "never"],
  ];
  assert.deepEqual(await begins(), [[a, 100, "end"], ...others]);
  assert.deepEqual(await begins({ input: "one", atMs: 1 }), [[a, 100, "beginning"], ...others]);
});
