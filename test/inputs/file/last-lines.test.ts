// Last lines without a line end: when they are taken, and what becomes of text appended later.
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { FileInputOptions } from "../../../src/core/options.ts";
import type { FakeSource } from "../../helpers/fake-intake.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { Random } from "../../crash/random.ts";
import { bench } from "./setup.ts";

const clock = fastClock(20);
const AT = "2026-11-24T06:40:12Z";
const MULTILINE = { start: /^\S/, end: undefined, indent: false, timeout: 300, maxRecords: 10 };

/** The text of each chunk handed over, without line ends. */
function chunks(source: FakeSource | undefined): string[] {
  return (source?.taken ?? []).map(({ text }) => Buffer.from(text, "latin1").toString().trimEnd());
}

for (const [what, options, written, first, more, second] of [
  ["text", {}, "one\ntw", ["one", "tw"], "o\nthree\n", ["o\nthree"]],
  ["text, within a character", {}, Buffer.from("d\u00e9j\u00e0").subarray(0, -1), ["d\u00e9j"], "\xa0", ["\u00e0"]],
  ["cri, a line and a message", { format: "cri" }, `${AT} stdout P a\n${AT} stdout P`, ["a"], " b\n", [" b"]],
  ["docker, a message", { format: "docker" }, '{"log":"a"}\n', ["a"], '{"log":"b\\n"}\n', ["b"]],
  ["several lines", { multiline: MULTILINE }, "a\n b\n c", ["a\n b\n c"], "d\n", ["d"]],
  ["utf-16", { encoding: "utf-16" }, Buffer.from("a\0b\0=", "latin1"), ["ab"], "\xd8\x42\xde\n\0", ["\u{1f642}"]],
] as [string, Partial<FileInputOptions>, string | Buffer, string[], string, string[]][]) {
  test(`${what}: taken after partial_timeout, and what comes then is a record of its own`, async (t) => {
    const { dir, intake, run } = bench(t);
    const log = join(dir, "a.log");
    writeFileSync(log, written);
    await run({ ...options, partialTimeout: 400 });
    const [source] = intake.sources.values();
    await intake.until(
      () => chunks(source).join("\n") === first.join("\n"),
      "the first lines, one of them without end",
    );
    const before = source?.taken.length;
    appendFileSync(log, Buffer.from(more, "latin1"));
    await intake.until(() => chunks(source).slice(before).join("\n") === second.join("\n"), "the rest");
  });
}

test("without partial_timeout a last line stays, and so does half a message of a container", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  const [whole, half] = [`${AT} stdout F a\n${AT} stdout F  b\n`, `${AT} stdout P  c\n${AT} stdo`];
  writeFileSync(log, whole + half);
  await run({ format: "cri", multiline: MULTILINE });
  const [source] = intake.sources.values();
  await intake.until(() => source?.records === 1, "the record, after the timeout of multiline");
  assert.deepEqual(chunks(source), ["a\n b"]);
  assert.equal(source?.end, whole.length);
  appendFileSync(log, `ut F d\n${AT} stdout F e\n`);
  await intake.until(() => source?.records === 2, "what was unfinished");
  assert.deepEqual(chunks(source), ["a\n b", " cd"]);
});

test("a line that is taken is taken once, through a restart", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, "half");
  const first = await run({ partialTimeout: 300 });
  await intake.until(() => intake.text === "half", "the line");
  await first.stop();
  intake.restart();
  appendFileSync(log, " a line\n");
  await run({ partialTimeout: 300 });
  await intake.until(() => intake.text === "half a line\n", "the rest");
  const [source] = intake.sources.values();
  assert.deepEqual(chunks(source), ["half", " a line"]);
});

test("a long line that grows by little is read again now and then, and at once enough when it ends", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, "x".repeat(100_000));
  const { room } = intake;
  let turns = 0;
  intake.room = (...asked) => {
    turns++;
    return room.apply(intake, asked);
  };
  await run();
  const started = performance.now();
  for (let i = 0; i < 100; i++) {
    appendFileSync(log, "y");
    await systemClock.sleep(10);
  }
  const most = 2 + (performance.now() - started) / 250;
  assert.ok(turns <= most, `${turns} turns instead of ${most}`);
  appendFileSync(log, "\n");
  await intake.until(() => intake.text.endsWith("y\n"), "the line", 2000);
});

for (const [encoding, bytes] of [
  ["utf-8", (text: string) => Buffer.from(text)],
  ["utf-16be", (text: string) => Buffer.from(text, "utf16le").swap16()],
] as const) {
  test(`${encoding}, written byte by byte with pauses: nothing is lost, and no character cut in two`, async (t) => {
    const { dir, intake, run } = bench(t);
    const log = join(dir, "a.log");
    const words = ["a", "d\u00e9j\u00e0 ", "\u65e5\u672c", "\u{1f642}\u{1f642}", "x\u0a0a", "\n", "\r\n", "\u00df"];
    const random = new Random(20261124);
    const text = Array.from({ length: 60 }, () => random.pick(words)).join("") + "\n";
    const source = bytes(text);
    const input = await run({ encoding, partialTimeout: 500 }, { clock });
    writeFileSync(log, "");
    for (let at = 0; at < source.length;) {
      const next = Math.min(source.length, at + 1 + random.below(9));
      appendFileSync(log, source.subarray(at, next));
      at = next;
      await clock.sleep(random.pick([50, 300, 1200]));
    }
    const [only] = intake.sources.values();
    await intake.until(() => only?.end === source.length, "the end");
    await input.stop();
    const taken = chunks(only).join("");
    assert.equal(taken.replace(/[\r\n ]/g, ""), text.replace(/[\r\n ]/g, ""));
    assert.ok((only?.records ?? 0) > text.split("\n").length, "no line was taken without its end");
  });
}
