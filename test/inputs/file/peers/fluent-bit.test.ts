// Scenarios from the tests of Fluent Bit, Fluentd, rsyslog and syslog-ng, or reported as their bugs.
//
// Tested elsewhere:
// A14 discovery/watcher.test.ts, "no watchers left", and test/system/limits.test.ts; A15, B18 test/system/peers.test.ts
// B33 orders.test.ts; C42 test/crash/kill.test.ts; D47, D50, D51, E formats.test.ts
//
// Left out, because spillway has no counterpart:
// A3 reading new files from their end: only files present at the first start can be skipped
// C37 ignoring invalid state: it is refused, as state-corrupt (test/buffer/spool/database.test.ts)
// C38 the schema of an older release: there is none yet
import assert from "node:assert/strict";
import { chmodSync, closeSync, linkSync, lutimesSync, openSync, symlinkSync, utimesSync, writeSync } from "node:fs";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FSWatcher } from "chokidar";
import { play, Scene } from "./scene.ts";

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");

test("A13 storage that sends no events, and no error either", async (t) => {
  t.mock.method(FSWatcher.prototype, "add", function (this: FSWatcher) {
    return this;
  });
  const scene = new Scene(t);
  scene.write("a.log", "one\n");
  scene.write("b.log", "b\n");
  await scene.start();
  await scene.has("one\n", "b\n");
  await scene.idle();
  scene.append("a.log", "two\n");
  scene.write("new.log", "new\n");
  await scene.has("one\ntwo\n", "b\n", "new\n");
  scene.move("a.log", "a.log.1");
  scene.write("a.log", "after\n");
  scene.append("a.log.1", "late\n");
  scene.truncate("b.log");
  scene.append("b.log", "x\n");
  await scene.has("one\ntwo\nlate\n", "after\n", "b\n", "x\n", "new\n");
});

play({
  "A1 a new file is read from its head": async (scene) => {
    await scene.start();
    scene.write("new.log", "one\ntwo\n");
    await scene.has("one\ntwo\n");
  },

  "A2 an existing file from its end": async (scene) => {
    scene.write("a.log", "old\n");
    await scene.start("*.log", { start: "end" });
    scene.append("a.log", "new\n");
    await scene.has("new\n");
  },

  "A4 an excluded file is not read": async (scene) => {
    scene.write("a.log", "a\n");
    scene.write("debug.log", "debug\n");
    await scene.start("*.log", { exclude: ["debug*"] });
    scene.write("debug2.log", "debug\n");
    scene.write("b.log", "b\n");
    await scene.has("a\n", "b\n");
    await scene.quiet(9);
  },

  "A5 braces, and nested directories that appear late": async (scene) => {
    await scene.start("{x,y}/**/*.log");
    for (const top of ["x", "y", "z"])
      for (let i = 0; i < 10; i++) scene.write(`${top}/${i}/deep/a.log`, `${top}${i}\n`);
    const all = ["x", "y"].flatMap((top) => Array.from({ length: 10 }, (_, i) => `${top}${i}\n`));
    await scene.has(...all);
  },

  "A6 a file that cannot be read at first": async (scene) => {
    scene.write("a.log", "secret\n");
    chmodSync(scene.path("a.log"), 0);
    chmodSync(scene.dir, 0o755);
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      await scene.start();
      await scene.intake.until(() => scene.log.events.includes("file_unreadable"), "the complaint");
    } finally {
      if (root) process.seteuid?.(0);
    }
    chmodSync(scene.path("a.log"), 0o644);
    await scene.has("secret\n");
  },

  "A7 a missing file is named once": async (scene) => {
    await scene.start("missing.log");
    await scene.quiet(20);
    assert.equal(scene.log.events.filter((event) => event === "no_files").length, 1);
  },

  "A8 an old file is left alone, and taken from its head when it is written to": async (scene) => {
    scene.write("a.log", "old\n");
    utimesSync(scene.path("a.log"), 1, 1);
    await scene.start("*.log", { ignoreOlder: 3_600_000 });
    await scene.quiet(9);
    scene.append("a.log", "new\n");
    await scene.has("old\nnew\n");
  },

  "A9 the age of a link is the age of its target": async (scene) => {
    for (const name of ["new", "old"]) {
      scene.write(`targets/${name}`, `${name}\n`);
      symlinkSync(scene.path(`targets/${name}`), scene.path(`${name}.log`));
    }
    utimesSync(scene.path("targets/old"), 1, 1);
    lutimesSync(scene.path("new.log"), 1, 1);
    await scene.start("*.log", { ignoreOlder: 3_600_000 });
    await scene.has("new\n");
    await scene.quiet(9);
  },

  "A10 several links to one file: read once": async (scene) => {
    scene.write("target", "one\n");
    for (const name of ["a", "b", "c"]) symlinkSync(scene.path("target"), scene.path(`${name}.log`));
    linkSync(scene.path("target"), scene.path("d.log"));
    await scene.start();
    await scene.has("one\n");
    await scene.quiet(9);
  },

  "A11 one file in two inputs: read by each": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.other("second");
    scene.append("a.log", "two\n");
    await scene.has("one\ntwo\n", "one\ntwo\n");
  },

  "A12 files are taken up in the order of their names": async (scene) => {
    for (const name of ["c", "a", "d", "b"]) scene.write(`${name}.log`, `${name}\n`);
    await scene.start();
    await scene.has("a\n", "b\n", "c\n", "d\n");
    assert.deepEqual(scene.intake.texts, ["a\n", "b\n", "c\n", "d\n"]);
  },

  "B16 renamed and created anew, while the writer goes on in the old file": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    const writer = openSync(scene.path("a.log"), "a");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "new\n");
    writeSync(writer, "two\n");
    await scene.has("one\ntwo\n", "new\n");
    writeSync(writer, "three\n");
    closeSync(writer);
    await scene.has("one\ntwo\nthree\n", "new\n");
  },

  "B17 several renames in a row on one path": async (scene) => {
    await scene.start("a.log*");
    for (let i = 0; i < 5; i++) {
      scene.write("a.log", `${i}\n`);
      for (let n = i; n > 0; n--) scene.move(`a.log.${n}`, `a.log.${n + 1}`);
      scene.move("a.log", "a.log.1");
    }
    scene.write("a.log", "last\n");
    await scene.has("0\n", "1\n", "2\n", "3\n", "4\n", "last\n");
  },

  "B19 a big file is rotated while it is being read": async (scene) => {
    const text = numbered(0, 200_000);
    scene.write("a.log", text);
    const input = await scene.start();
    await scene.intake.until(() => scene.intake.text.length > 0, "its beginning");
    assert.ok(input.status().lagBytes > 0, "it was read before it could be rotated");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "new\n");
    await scene.has(text, "new\n");
  },

  "B20 truncated below a writer that does not append: the hole is passed over": async (scene) => {
    const writer = openSync(scene.path("a.log"), "w");
    writeSync(writer, "one\n");
    await scene.start();
    await scene.has("one\n");
    scene.truncate("a.log");
    writeSync(writer, "two\n");
    closeSync(writer);
    await scene.has("one\n", "two\n");
  },

  "B21 copied and truncated while stopped: only what is new": async (scene) => {
    scene.write("a.log", numbered(0, 100));
    await scene.start();
    await scene.has(numbered(0, 100));
    await scene.stop();
    scene.write("a.log.1", numbered(0, 100));
    scene.truncate("a.log");
    scene.append("a.log", "new\n");
    await scene.start();
    await scene.has(numbered(0, 100), "new\n");
  },

  "B22 truncated again and again": async (scene) => {
    await scene.start();
    const expected: string[] = [];
    for (let i = 0; i < 8; i++) {
      scene.write("a.log", `${"x".repeat(i * 3)} ${i}\n`);
      expected.push(`${"x".repeat(i * 3)} ${i}\n`);
      await scene.has(...expected);
    }
  },

  "B23 moved, truncated, moved back": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    scene.move("a.log", "aside");
    scene.truncate("aside");
    scene.move("aside", "a.log");
    scene.append("a.log", "x\n");
    await scene.has("one\n", "x\n");
  },

  "B24 a relative link is switched": async (scene) => {
    scene.write("v1", "one\n");
    symlinkSync("v1", scene.path("a.log"));
    await scene.start();
    await scene.has("one\n");
    scene.write("v2", "two\n");
    rmSync(scene.path("a.log"));
    symlinkSync("v2", scene.path("a.log"));
    await scene.has("one\n", "two\n");
    scene.append("v1", "late\n");
    await scene.has("one\nlate\n", "two\n");
  },

  "B25 truncated through a link": async (scene) => {
    scene.write("target", "one\ntwo\n");
    symlinkSync("target", scene.path("a.log"));
    await scene.start();
    await scene.has("one\ntwo\n");
    scene.truncate("a.log");
    scene.append("a.log", "x\n");
    await scene.has("one\ntwo\n", "x\n");
  },

  "B26 deleted and made again under the same name and inode": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.idle();
    scene.remake("a.log", "one\nmore\n");
    await scene.has("one\n", "one\nmore\n");
  },

  "B27 renamed while stopped": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "new\n");
    await scene.start();
    await scene.has("one\ntwo\n", "new\n");
  },

  "B28 rotated three times while stopped, and the pattern matches all names": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start("a.log*");
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    scene.move("a.log", "a.log.3");
    for (const n of [2, 1]) scene.write(`a.log.${n}`, `between ${n}\n`);
    scene.write("a.log", "new\n");
    await scene.start("a.log*");
    await scene.has("one\ntwo\n", "between 2\n", "between 1\n", "new\n");
  },

  "B29 compressed while stopped, and its inode used again": async (scene) => {
    scene.write("a.log", numbered(0, 200));
    await scene.start();
    await scene.has(numbered(0, 200));
    await scene.stop();
    scene.write("a.log.1.gz", gzipSync(`${numbered(0, 200)}the rest\n`));
    scene.remake("a.log", "another\n");
    await scene.start();
    await scene.has(`${numbered(0, 200)}the rest\n`, "another\n");
  },

  "B30 rotated during a pause that is longer than anybody's rotate_wait": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.blocked(() => scene.append("a.log", "two\n"), 4);
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "new\n");
    await scene.quiet(20);
    scene.intake.reopen();
    await scene.has("one\ntwo\n", "new\n");
  },

  "B31 deleted unread: read to its end, and let go without another event": async (scene) => {
    const input = await scene.start();
    await scene.blocked(() => scene.write("a.log", "one\n"), 4);
    scene.remove("a.log");
    await scene.intake.until(() => input.status().atRiskBytes === 4, "the notice");
    scene.intake.reopen();
    await scene.has("one\n");
    await scene.intake.until(() => input.status().files === 0 && input.status().open === 0, "its end");
  },

  "B32 the next rotation comes before the rest of the last one was read": async (scene) => {
    scene.write("a.log", "one\n");
    const input = await scene.start();
    await scene.has("one\n");
    await scene.blocked(() => scene.append("a.log", "two\n"), 4);
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "new\n");
    await scene.intake.until(() => input.status().lagBytes === 8, "the second file");
    scene.move("a.log.1", "a.log.2");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "newest\n");
    await scene.intake.until(() => input.status().lagBytes === 15, "the third file");
    scene.intake.reopen();
    await scene.has("one\ntwo\n", "new\n", "newest\n");
  },

  "C34, C36 goes on where it was, with what was written meanwhile": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    await scene.start();
    await scene.has("one\ntwo\n");
  },

  "C35 a partial line across a restart comes once, and whole": async (scene) => {
    scene.write("a.log", "one\nha");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    await scene.start();
    await scene.quiet(9);
    scene.append("a.log", "lf\n");
    await scene.has("one\nhalf\n");
  },

  "C39 a tiny file grows past the length of a fingerprint, with a restart at every size": async (scene) => {
    let text = "";
    for (const length of [1, 100, 500, 1000, 2000]) {
      const line = `${"x".repeat(length)}\n`;
      text += line;
      if (length === 1) scene.write("a.log", line);
      else scene.append("a.log", line);
      await scene.start();
      await scene.has(text);
      await scene.stop();
    }
    assert.equal(scene.intake.sources.size, 1);
  },

  "C40 a file of more than 4 GiB, read at its end": async (scene) => {
    scene.write("a.log", "");
    scene.truncate("a.log", 2 ** 32 + 10);
    scene.append("a.log", "\n");
    await scene.start("*.log", { start: "end" });
    scene.append("a.log", "behind\n");
    await scene.has("behind\n");
    assert.equal([...scene.intake.sources.values()][0]?.end, 2 ** 32 + 18);
  },

  "C41 what is gone is forgotten, what has another name is not": async (scene) => {
    for (const name of ["gone", "moved"]) scene.write(`${name}.log`, `${name}\n`);
    await scene.start();
    await scene.has("gone\n", "moved\n");
    await scene.stop();
    scene.remove("gone.log");
    scene.move("moved.log", "moved.log.1");
    await scene.start();
    const states = (): unknown => [...scene.intake.sources.values()].map((source) => source.state);
    await scene.intake.until(() => JSON.stringify(states()) === '["forgotten","alive"]', "one to be forgotten");
  },

  "D45, D46 empty lines, CRLF, NUL and bytes that are no UTF-8 pass as they are": async (scene) => {
    const bytes = "\n\none\r\n\r\nt\0wo\n\xff\xfe\n";
    scene.write("a.log", "");
    const writer = openSync(scene.path("a.log"), "a");
    writeSync(writer, Buffer.from(bytes, "latin1"));
    closeSync(writer);
    await scene.start();
    await scene.has(bytes);
    assert.equal([...scene.intake.sources.values()][0]?.records, 3);
  },

  "D43, D48 lines around the longest that is allowed, skipped or kept": async (scene) => {
    const line = (length: number): string => `${"x".repeat(length)}\n`;
    scene.write("a.log", [8, 9, 10, 11, 12, 3].map(line).join(""));
    await scene.start("*.log", { maxRecord: 10, oversize: "skip" });
    await scene.has([8, 9, 10, 3].map(line).join(""));
  },

  "D44 a line is cut between two characters": async (scene) => {
    scene.write("a.log", "a\u00fc\u00fc\nlast\n");
    await scene.start("*.log", { maxRecord: 4 });
    await scene.has(Buffer.from("a\u00fclast\n").toString("latin1"));
  },

  "D49 a compressed file that nobody writes to": async (scene) => {
    scene.write("a.log.gz", gzipSync("one\n\ntwo\r\n"));
    await scene.start("*.gz");
    await scene.has("one\n\ntwo\r\n");
    assert.equal([...scene.intake.sources.values()][0]?.records, 2);
  },
});
