// Files that are not UTF-8 through a whole file input: the text handed over is UTF-8, the offsets are those of the file.
import assert from "node:assert/strict";
import { appendFileSync, closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import type { FakeSource } from "../../helpers/fake-intake.ts";
import { bench } from "./setup.ts";

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();

test("latin1, with lines that grow threefold, next to quiet files", async (t) => {
  const { dir, intake, run } = bench(t);
  const line = Buffer.from(`${"\u0080".repeat(999)}\n`, "latin1");
  writeFileSync(join(dir, "a.log"), "plain\n");
  writeFileSync(join(dir, "b.log"), Buffer.concat(Array.from({ length: 1000 }, () => line)));
  await run({ encoding: "latin1", maxRecord: 300_000 });
  await intake.until(() => intake.text.length === 5 + 1 + 1000 * 999 * 3, "all of it");
  const sources = [...intake.sources.values()];
  const big = sources.find(({ records }) => records === 1000);
  assert.equal(big?.end, 1_000_000);
  const found = big?.taken.flatMap(({ entries }) => entries) ?? [];
  assert.deepEqual(
    found.map(({ offset }) => offset),
    Array.from({ length: 1000 }, (_, i) => i * 1000),
  );
  assert.ok(found.every(({ text }) => utf8(text) === "\u20ac".repeat(999)));
});

test("gbk in records of several lines, appended while it is read", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  // 日 and 本: one line begins with 日 and matches the multiline start, one does not.
  const [day, root] = [Buffer.from([0xc8, 0xd5]), Buffer.from([0xb1, 0xbe])];
  const newline = Buffer.from("\n");
  writeFileSync(log, Buffer.concat([day, root, newline, root, newline, day]));
  const multiline = { start: /^\u65e5/, end: undefined, indent: false, timeout: 60_000, maxRecords: 10 };
  await run({ encoding: "gbk", multiline });
  appendFileSync(log, newline);
  await intake.until(() => intake.text !== "", "the first record");
  assert.equal(utf8(intake.text), "\u65e5\u672c\n\u672c");
  assert.equal([...intake.sources.values()][0]?.end, 8);
});

const MARK = "\ufeff";

function encoded(text: string, order: "le" | "be"): Buffer {
  const bytes = Buffer.from(text, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
}

function entriesOf(source: FakeSource | undefined): [number, string][] {
  return (source?.taken ?? []).flatMap(({ entries }) => entries.map(({ offset, text }) => [offset, utf8(text)]));
}

test("a mark of UTF-8 is no part of the first message, and its bytes are the first record's", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, "");
  await run();
  const bytes = Buffer.from(`${MARK}one\r\ntwo\n${MARK}three\n`);
  // The three bytes of the byte order mark arrive one by one.
  for (const byte of bytes.subarray(0, 3)) appendFileSync(log, Buffer.from([byte]));
  appendFileSync(log, bytes.subarray(3));
  await intake.until(() => [...intake.sources.values()][0]?.records === 3, "the records");
  const [source] = intake.sources.values();
  assert.deepEqual(entriesOf(source), [[0, "one"]]);
  assert.equal(source?.taken[0]?.end, 8);
  assert.equal(
    utf8(
      source?.taken
        .slice(1)
        .map(({ text }) => text)
        .join("") ?? "",
    ),
    `two\n${MARK}three\n`,
  );
});

for (const [what, content, records] of [
  ["nothing but a mark", MARK, []],
  ["a mark and an empty line", `${MARK}\r\na\n`, []],
  ["a mark and no line end", `${MARK}end`, [[0, "end"]]],
  ["a mark before a line that is cut", `${MARK}${"x".repeat(500)}\n`, [[0, "x".repeat(97)]]],
] as const) {
  test(`UTF-8: ${what}`, async (t) => {
    const { dir, intake, run } = bench(t);
    writeFileSync(join(dir, "a.log"), content);
    const input = await run({ maxRecord: 100 }, { mode: "once" });
    await input.done();
    const [source] = intake.sources.values();
    assert.equal(source?.end, Buffer.byteLength(content));
    assert.deepEqual(entriesOf(source), records);
  });
}

for (const [encoding, order, mark] of [
  ["utf-16le", "le", ""],
  ["utf-16be", "be", ""],
  ["utf-16", "le", MARK],
  ["utf-16", "be", MARK],
  ["utf-16", "le", ""],
] as const) {
  test(`${encoding}, ${order}${mark && " by its mark"}: byte by byte, with a restart after each`, async (t) => {
    const { dir, intake, run } = bench(t);
    const log = join(dir, "a.log");
    const lines = ["\u65e5\u0a0a a\r\n", "\r\n", "\u{1f642}b\n"];
    const bytes = encoded(mark + lines.join(""), order);
    writeFileSync(log, "");
    for (const byte of bytes) {
      appendFileSync(log, Buffer.from([byte]));
      const input = await run({ encoding });
      await input.done();
      await input.stop();
      intake.restart();
    }
    const [source] = intake.sources.values();
    assert.equal(intake.sources.size, 1);
    assert.equal(source?.end, bytes.length);
    const second = 2 * `${mark}${lines[0]}${lines[1]}`.length;
    assert.deepEqual(entriesOf(source), [
      [0, "\u65e5\u0a0a a"],
      [second, "\u{1f642}b"],
    ]);
  });
}

test("utf-16: half a code unit waits, and at the very end stands for itself", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, Buffer.concat([encoded("one\ntw", "le"), Buffer.from([0x6f])]));
  const first = await run({ encoding: "utf-16" });
  await first.done();
  await first.stop();
  const [source] = intake.sources.values();
  assert.equal(source?.end, 8);
  intake.restart();
  const last = await run({ encoding: "utf-16" }, { mode: "once" });
  await last.done();
  await last.stop();
  intake.restart();
  appendFileSync(log, Buffer.concat([Buffer.from([0]), encoded("\nthree\n", "le")]));
  await run({ encoding: "utf-16" });
  await intake.until(() => source.end === 8 + 6 + 2 + 12, "the rest");
  assert.deepEqual(entriesOf(source), [
    [0, "one"],
    [8, "tw\ufffd"],
    [13, "\ufffd"],
    [16, "three"],
  ]);
});

test("utf-16: reading begins behind the last whole line end", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  // Characters that contain bytes of a line end, also across the border of two code units.
  const old = encoded(`${MARK}old\n\u0a0a\u000a\u0d0a\u0a00`, "be");
  writeFileSync(log, old);
  await run({ encoding: "utf-16", start: "end" });
  const [source] = intake.sources.values();
  assert.equal(source?.known.origin, 2 * `${MARK}old\n\u0a0a\n`.length);
  appendFileSync(log, encoded("new\n", "be"));
  await intake.until(() => source?.records === 1, "the line");
  assert.deepEqual(entriesOf(source), [[source?.known.origin, "\u0d0a\u0a00new"]]);
});

for (const oversize of ["truncate", "skip"] as const) {
  test(`utf-16: a line of 4 MB is ${oversize === "skip" ? "skipped" : "truncated"}, with a restart inside of it`, async (t) => {
    const { dir, intake, run } = bench(t);
    const log = join(dir, "a.log");
    const fd = openSync(log, "w");
    writeSync(fd, encoded(`${MARK}first\n`, "be"));
    const piece = encoded("\u{1f642}\u0a0a".repeat(1 << 16), "be");
    for (let i = 0; i < 5; i++) writeSync(fd, piece);
    // Half of a surrogate pair, cut in the middle of a code unit.
    writeSync(fd, piece, 0, 3);
    const first = await run({ encoding: "utf-16", maxRecord: 10, oversize });
    const [source] = intake.sources.values();
    await intake.until(() => (source?.end ?? 0) > 4 * piece.length, "most of it");
    await first.done();
    await first.stop();
    assert.equal((source?.end ?? 0) % 2, 0);
    intake.restart();
    await run({ encoding: "utf-16", maxRecord: 10, oversize });
    for (let i = 0; i < 5; i++) writeSync(fd, piece, 3);
    writeSync(fd, encoded("\nlast\n", "be"));
    closeSync(fd);
    const size = 14 + 10 * (piece.length - 3) + 15 + 3 + 12;
    await intake.until(() => source?.end === size, "the end");
    const cut = oversize === "skip" ? [] : [[14, "\u{1f642}\u0a0a\u{1f642}".slice(0, 3)]];
    assert.deepEqual(entriesOf(source), [[0, "first"], ...cut, [size - 10, "last"]]);
    assert.ok(intake.largestRoom <= 3 * 256 * 1024 + (1 << 18), "no more than a turn was read at once");
    const oversized = source?.bytesOf(DROPPED_OVERSIZE) ?? 0;
    assert.ok(oversized > size - 100 - (1 << 18) && oversized < size);
  });
}

test("a file with the mark of another encoding is read as configured, with a warning", async (t) => {
  const { dir, intake, log, run } = bench(t);
  writeFileSync(join(dir, "a.log"), encoded(`${MARK}a\n`, "le"));
  const input = await run({}, { mode: "once" });
  await input.done();
  assert.deepEqual(log.events.filter((event) => event === "encoding_differs").length, 1);
  assert.equal([...intake.sources.values()][0]?.end, 6);
  const fitting = bench(t);
  writeFileSync(join(fitting.dir, "a.log"), encoded(`${MARK}a\n`, "le"));
  writeFileSync(join(fitting.dir, "b.log"), encoded(`${MARK}b\n`, "be"));
  await (await fitting.run({ encoding: "utf-16" }, { mode: "once" })).done();
  assert.ok(!fitting.log.events.includes("encoding_differs"));
});

for (const [format, first, second] of [
  ["json", '{"a":1}', '{"b":2}'],
  ["cri", "2026-11-24T06:40:12Z stdout F one", "2026-11-24T06:40:12Z stdout F two"],
  ["docker", '{"log":"one\\n"}', '{"log":"two\\n"}'],
] as const) {
  test(`${format}: a mark at the start does not keep a line from being of the format`, async (t) => {
    const { dir, intake, run } = bench(t);
    writeFileSync(join(dir, "a.log"), `${MARK}${first}\n${second}\n`);
    const input = await run({ format }, { mode: "once" });
    await input.done();
    const wanted = format === "json" ? [first, second] : ["one", "two"];
    const [source] = intake.sources.values();
    assert.deepEqual(entriesOf(source), [
      [0, wanted[0]],
      [4 + first.length, wanted[1]],
    ]);
  });
}
