// Gzip files are read as their unpacked content, whatever their names: complete, half written, damaged, growing, with several
// members.
import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { describe, test } from "node:test";
import { syncBuiltinESMExports } from "node:module";
import zlib, { constants, crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import type { FileInput } from "../../../src/inputs/file/file-input.ts";
import { play, Scene } from "./peers/scene.ts";

const GLOB = "*.log*";
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} ${((from + i) * 7919) % 1000}\n`).join("");
const skipped = (input: FileInput): number => input.status().unread.skipped;
const damaged = (scene: Scene): number => scene.log.events.filter((event) => event === "gzip_damaged").length;

play({
  "read to its end, members one behind the other, and let go": async (scene) => {
    scene.write(
      "a.log.1.gz",
      Buffer.concat([gzipSync(lines(0, 20_000)), gzipSync(""), gzipSync(lines(20_000, 30_000))]),
    );
    const input = await scene.start(GLOB);
    await scene.has(lines(0, 30_000));
    await scene.intake.until(() => input.status().open === 0, "the file to be closed");
    assert.equal(input.status().lagBytes, 0);
    assert.ok(scene.intake.largestRoom <= 1024 * 1024, `${scene.intake.largestRoom} bytes at once`);
    scene.append("a.log.1.gz", gzipSync("and a member more\n"));
    await scene.has(`${lines(0, 30_000)}and a member more\n`);
  },

  "by content, not by name; but left out where `exclude` says so": async (scene) => {
    scene.write("packed.log", gzipSync("packed\n"));
    scene.write("plain.log.gz", "plain\n");
    scene.write("b.log.1.gz", gzipSync("left out\n"));
    scene.write("c.log.bz2", gzipSync("left out\n"));
    scene.write("d.log.tar.gz", gzipSync("left out\n"));
    await scene.start(GLOB, { exclude: ["b.log*.gz"] });
    await scene.has("packed\n", "plain\n");
    await scene.quiet(10);
  },

  "while it is being written": async (scene) => {
    const whole = gzipSync(lines(0, 5000));
    scene.write("a.log.1.gz", "");
    const input = await scene.start(GLOB);
    let done = 0;
    for (const cut of [1, 2, 5, 20, 3000, whole.length - 5, whole.length]) {
      scene.append("a.log.1.gz", whole.subarray(done, cut));
      done = cut;
      const found = (): number => input.status().lagBytes;
      await scene.intake.until(() => cut < 20 || found() < 100, "it to be read as far as it goes");
    }
    await scene.has(lines(0, 5000));
    assert.equal(scene.intake.sources.size, 1);
  },

  "cut in header, data and trailer, and gone on with after a restart": async (scene) => {
    const whole = gzipSync(lines(0, 5000));
    let done = 0;
    for (const cut of [5, 3000, 3001, 6000, whole.length - 5, whole.length]) {
      const packed = whole.subarray(done, cut);
      if (done === 0) scene.write("a.log.1.gz", packed);
      else scene.append("a.log.1.gz", packed);
      done = cut;
      const input = await scene.start(GLOB);
      await scene.intake.until(() => input.status().lagBytes < 100, "it to be read as far as it goes");
      await scene.stop();
    }
    await scene.start(GLOB);
    await scene.has(lines(0, 5000));
    await scene.quiet(10);
  },

  "restarted in the middle: nothing missing, nothing twice": async (scene) => {
    scene.write("a.log.1.gz", gzipSync(lines(0, 100_000)));
    // A small maxRecord, so that a checkpoint could lie inside an oversized line that is being skipped.
    await scene.start(GLOB, { maxRecord: 100 });
    await scene.intake.until(() => scene.intake.text.length > 400_000, "some of it");
    await scene.stop();
    scene.intake.restart((source) => Math.ceil(source.taken.length / 2));
    await scene.start(GLOB, { maxRecord: 100 });
    await scene.has(lines(0, 100_000));
    await scene.stop();
    const input = await scene.start(GLOB);
    assert.equal(input.status().lagBytes, 0, "that it ends there is known without unpacking it");
  },

  "a damaged member: what came before is read, the rest is said once and counted": async (scene) => {
    const first = gzipSync(lines(0, 1000));
    const data = deflateRawSync(lines(1000, 20_000), { finishFlush: constants.Z_SYNC_FLUSH });
    // A block of an invalid type, followed by the bytes that are lost with it.
    const rest = Buffer.alloc(1234, 7);
    scene.write("a.log.1.gz", Buffer.concat([first, first.subarray(0, 10), data, rest]));
    scene.write("b.log", "a neighbour\n");
    const input = await scene.start(GLOB);
    await scene.intake.until(() => damaged(scene) === 1 && scene.intake.sources.size === 2, "the damage");
    await scene.intake.until(() => input.status().lagBytes === 0, "all that there is");
    await scene.has(lines(0, 20_000), "a neighbour\n");
    assert.ok(skipped(input) >= 1234 - 16 && skipped(input) <= 1234 + 16, `${skipped(input)} skipped`);
    await scene.quiet(30);
    assert.equal(damaged(scene), 1);
    await scene.stop();
    await scene.start(GLOB);
    await scene.quiet(20);
  },

  "what follows the last member is said and counted": async (scene) => {
    scene.write("a.log.1.gz", Buffer.concat([gzipSync("one\n"), Buffer.alloc(1000)]));
    const input = await scene.start(GLOB);
    await scene.has("one\n");
    await scene.intake.until(() => damaged(scene) === 1 && skipped(input) === 1000, "the rest");
    assert.equal(input.status().lagBytes, 0);
  },

  "start: end skips what is there at the first start": async (scene) => {
    scene.write("a.log.1.gz", gzipSync("old\n"));
    scene.write("a.log", "old too\n");
    const input = await scene.start(GLOB, { start: "end" });
    assert.equal(skipped(input), 12);
    scene.append("a.log", "new\n");
    scene.write("b.log.1.gz", gzipSync("new as well\n"));
    await scene.has("new\n", "new as well\n");
    await scene.stop();
    await scene.start(GLOB, { start: "end" });
    scene.append("a.log.1.gz", gzipSync("a member more\n"));
    await scene.has("new\n", "new as well\n", "a member more\n");
  },

  "a last line without its end is taken when the file is whole and quiet, and with --once": async (scene) => {
    scene.write("a.log.1.gz", gzipSync("one\ntwo"));
    await scene.start(GLOB);
    await scene.has("one\ntwo");
    await scene.stop();
    scene.write("b.log.gz", gzipSync("three\nfour"));
    await scene.once("b.log*");
    await scene.has("one\ntwo", "three\nfour");
  },

  "a member that comes later and slowly: its lines are not cut": async (scene) => {
    scene.write("a.log.1.gz", gzipSync("one\ntwo"));
    await scene.start(GLOB);
    await scene.has("one\ntwo");
    // Flushed in the middle of a line, so that everything so far can be unpacked.
    const begun = deflateRawSync("three\nfo", { finishFlush: constants.Z_SYNC_FLUSH });
    const whole = gzipSync("");
    scene.append("a.log.1.gz", Buffer.concat([whole.subarray(0, 10), begun]));
    await scene.has("one\ntwothree\n");
    await scene.quiet(3);
    const rest = deflateRawSync("ur\n");
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(crc32("three\nfour\n"));
    trailer.writeUInt32LE(11, 4);
    scene.append("a.log.1.gz", Buffer.concat([rest, trailer]));
    await scene.has("one\ntwothree\nfour\n");
    const [source] = scene.intake.sources.values();
    assert.equal(source?.records, 4);
    assert.equal(damaged(scene), 0);
  },

  "unlinked while it is unread": async (scene) => {
    const input = await scene.start(GLOB);
    scene.intake.shut();
    scene.write("a.log.1.gz", gzipSync(lines(0, 50_000)));
    await scene.intake.until(() => input.status().lagBytes > 0 && input.status().open === 1, "the notice");
    scene.remove("a.log.1.gz");
    await scene.intake.until(() => input.status().atRiskBytes > 0, "that it has no name");
    scene.intake.reopen();
    await scene.has(lines(0, 50_000));
    await scene.intake.until(() => input.status().files === 0 && input.status().open === 0, "its end");
  },

  "unlinked while more wait to be unpacked than may be at once": async (scene) => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i}\n${lines(0, 40_000)}`);
    for (const [i, text] of texts.entries()) scene.write(`${i}.log.gz`, gzipSync(text));
    const input = await scene.start(GLOB);
    await scene.intake.until(() => scene.intake.text.length > 5_000_000, "the first parts");
    scene.intake.shut();
    await scene.intake.until(() => scene.intake.waiting === 3, "the readers to wait");
    for (const i of texts.keys()) scene.remove(`${i}.log.gz`);
    await scene.intake.until(
      () => input.status().files === input.status().open && input.status().atRiskBytes > 0,
      "it",
    );
    await scene.quiet(20);
    scene.intake.reopen();
    await scene.intake.until(() => input.status().files === 0, "their end");
    assert.deepEqual([...scene.intake.texts].sort(), [...texts].sort());
  },

  "truncated and written anew, shorter, longer and of the same size": async (scene) => {
    const first = gzipSync(lines(0, 3000));
    scene.write("a.log.1.gz", first);
    await scene.start(GLOB);
    const texts = [lines(0, 3000)];
    await scene.has(...texts);
    for (const text of ["short\n", lines(5000, 12_000), lines(3000, 6000)]) {
      scene.write("a.log.1.gz", gzipSync(text));
      texts.push(text);
      await scene.has(...texts);
    }
    scene.write("a.log.1.gz", "plain now\n");
    await scene.has(...texts, "plain now\n");
  },

  "written anew with the same number of bytes": async (scene) => {
    const stored = (text: string): Buffer => gzipSync(text, { level: 0 });
    scene.write("a.log.gz", stored("one\n"));
    await scene.start(GLOB);
    await scene.has("one\n");
    await scene.quiet(1);
    scene.write("a.log.gz", stored("six\n"));
    await scene.has("one\n", "six\n");
  },

  "written anew while it was half-written": async (scene) => {
    const packed = gzipSync(lines(0, 5000));
    scene.write("a.log.gz", packed.subarray(0, packed.length / 2));
    const input = await scene.start(GLOB);
    await scene.intake.until(() => scene.intake.text !== "" && input.status().lagBytes < 100, "its first half");
    const { text } = scene.intake;
    scene.write("a.log.gz", gzipSync(lines(5000, 15_000)));
    await scene.has(text, lines(5000, 15_000));
  },

  "UTF-16 and joined records, in members that begin in the middle of a character, through a restart": async (scene) => {
    const text = Array.from({ length: 40_000 }, (_, i) => `zeile ${i} ä\r\n`).join("");
    const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
    const at = 500_001;
    scene.write("a.log.gz", Buffer.concat([gzipSync(bytes.subarray(0, at)), gzipSync(bytes.subarray(at))]));
    const changes = { encoding: "utf-16", maxRecord: 200 } as const;
    const records = (): number => [...scene.intake.sources.values()].reduce((sum, source) => sum + source.records, 0);
    await scene.start(GLOB, changes);
    await scene.intake.until(() => records() > 10_000, "some of it");
    await scene.stop();
    scene.intake.restart((source) => Math.ceil(source.taken.length / 2));
    await scene.start(GLOB, changes);
    await scene.intake.until(() => records() === 40_000, "all of it");
    assert.ok(Buffer.from(scene.intake.text, "latin1").toString().endsWith("zeile 39999 ä"));
  },

  "written anew while stopped, behind an equal beginning: shorter, longer, and damaged before the position": async (
    scene,
  ) => {
    const head = "the same beginning\n".repeat(100);
    const names = ["a.log.gz", "b.log.gz", "c.log.gz"];
    for (const name of names) scene.write(name, gzipSync(`${head}${name} one\n`));
    await scene.start(GLOB);
    await scene.has(...names.map((name) => `${head}${name} one\n`));
    await scene.stop();
    scene.write("a.log.gz", gzipSync(`${head}x\n`));
    scene.write("b.log.gz", gzipSync(`${head}b.log.gz six\nmore\n`));
    const cut = gzipSync(`${head}c.log.gz one\n`, { level: 0 });
    scene.write("c.log.gz", cut.subarray(0, 1200));
    await scene.start(GLOB);
    const old = names.map((name) => `${head}${name} one\n`);
    await scene.has(...old, `${head}x\n`, `${head}b.log.gz six\nmore\n`);
    await scene.quiet(15);
    scene.write("c.log.gz", Buffer.concat([cut, gzipSync("two\n")]));
    await scene.intake.until(() => scene.intake.text.includes("two\n"), "what was added");
    await scene.quiet(15);
  },

  "more files than may be unpacked at once, and half-written ones among them": async (scene) => {
    const texts = Array.from({ length: 30 }, (_, i) => `${i}\n${lines(0, 10_000 + i)}`);
    for (const [i, text] of texts.entries()) {
      const packed = gzipSync(text);
      scene.write(`${i}.log.gz`, i % 3 === 0 ? packed.subarray(0, packed.length / 2) : packed);
    }
    await scene.start(GLOB);
    const whole = texts.filter((_, i) => i % 3 !== 0);
    const found = (): number => scene.intake.texts.filter((text) => whole.includes(text)).length;
    await scene.intake.until(() => found() === whole.length, "the whole ones");
    for (const [i, text] of texts.entries()) if (i % 3 === 0) scene.write(`${i}.log.gz`, gzipSync(text));
    await scene.has(...texts);
  },
});

test("unlinked files share the streams with all others, and are read before those that have names", async (t) => {
  const original = zlib.createInflateRaw;
  let [open, most] = [0, 0];
  t.mock.method(zlib, "createInflateRaw", (...args: Parameters<typeof original>) => {
    const stream = original(...args);
    most = Math.max(most, ++open);
    stream.on("close", () => open--);
    return stream;
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const scene = new Scene(t);
  const content = lines(0, 30_000);
  const text = (name: string): string => `${name}\n${content}`;
  const named = Array.from({ length: 20 }, (_, i) => `named ${i}`);
  const unlinked = Array.from({ length: 60 }, (_, i) => `unlinked ${i}`);
  for (const name of named) scene.write(`${name}.log.gz`, gzipSync(text(name)));
  const input = await scene.start(GLOB);
  await scene.intake.until(() => scene.intake.text.length > 2_000_000, "streams of files that have names");
  scene.intake.shut();
  await scene.intake.until(() => scene.intake.waiting === 3, "the readers to wait");
  for (const name of unlinked) scene.write(`${name}.log.gz`, gzipSync(text(name)));
  await scene.intake.until(() => input.status().files === 80, "the others");
  for (const name of unlinked) scene.remove(`${name}.log.gz`);
  await scene.intake.until(
    () => input.status().atRiskBytes > 0 && scene.intake.waiting === 4,
    "that they have no name",
  );
  await scene.quiet(20);
  scene.intake.reopen("at-risk");
  const read = (names: readonly string[]): number =>
    [...scene.intake.sources.values()].filter(({ end, known }) =>
      names.some((name) => known.identity.path === scene.path(`${name}.log.gz`) && end === text(name).length),
    ).length;
  await scene.intake.until(() => read(unlinked) === unlinked.length, "the unlinked ones");
  assert.ok(most <= 17, `${most} streams at once`);
  scene.intake.reopen();
  await scene.intake.until(() => read(named) === named.length, "the ones with names");
  assert.ok(most <= 17, `${most} streams at once`);
  assert.deepEqual([...scene.intake.texts].sort(), [...named, ...unlinked].map(text).sort());
});

test("a line of 300 MB that was 300 KB: it costs no memory", async (t) => {
  const scene = new Scene(t);
  const packed = gzipSync(Buffer.alloc(10 << 20, "x"));
  const file = openSync(scene.path("a.log.gz"), "w");
  for (let i = 0; i < 30; i++) writeSync(file, packed);
  writeSync(file, gzipSync("\nlast\n"));
  closeSync(file);
  const before = process.memoryUsage().rss;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  await scene.start(GLOB, { maxRecord: 1000 });
  await scene.has(`${"x".repeat(1000)}last\n`);
  clearInterval(watch);
  const [source] = scene.intake.sources.values();
  assert.equal(source?.bytesOf(DROPPED_OVERSIZE), (300 << 20) - 1000 + 1);
  assert.ok(most - before < 100 << 20, `${(most - before) >> 20} MiB more`);
});

describe("the middle of a line that is passed over, after a restart", () => {
  for (const length of [1_000_000, 20_000_000])
    test(`${length} bytes`, async (t) => {
      const scene = new Scene(t);
      const packed = gzipSync(`first\n${"x".repeat(length)}\nlast\n`);
      const cut = Math.floor(packed.length / 2);
      scene.write("a.log.gz", packed.subarray(0, cut));
      await scene.start(GLOB, { maxRecord: 100 });
      const end = (): number => [...scene.intake.sources.values()][0]?.end ?? 0;
      const known = gunzipSync(packed.subarray(0, cut), { finishFlush: constants.Z_SYNC_FLUSH }).length;
      await scene.intake.until(() => end() === known, "its first half");
      await scene.stop();
      scene.append("a.log.gz", packed.subarray(cut));
      await scene.start(GLOB, { maxRecord: 100 });
      await scene.has(`first\n${"x".repeat(100)}last\n`);
    });
});
