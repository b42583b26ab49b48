// Scenarios from Filebeat's tests, with their numbers in our notes on those tests.
//
// Tested elsewhere:
// 7, 8 formats.test.ts; 38-40, 61 test/system/peers.test.ts; 62, 63 test/system/stop.test.ts, "ends within its grace"
// 31, 32 test/config/rules/rules.test.ts, "inputs"; 65 test/cli/check.test.ts, with exit code 78
// 54 test/buffer/spool/database.test.ts; here the directory has mode 0700, and there is no option for it
//
// Left out, because spillway has no counterpart:
// 4, 9, 25 closing at the end, by age or by number: idle files are closed, and opened again when written to
// 26 reserved input ids: there are none
// 30, 35 a time to live of state: state lives as long as its file; 60 tests its end
// 33, 34 several file identities and moving between them: there is only one
// 41 the log of states: that is SQLite's, which checks itself
// 42-44 deleting files after reading: spillway only reads files
// 51 links that are not followed: spillway follows them
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { play, type Scene } from "./scene.ts";

/** Longer than a fingerprint. */
const LONG = "one\n".repeat(300);
const offsets = (scene: Scene): number[] => [...scene.intake.sources.values()].map((source) => source.end);
const paths = (scene: Scene): string[] =>
  [...scene.intake.sources.values()].map(({ known }) => known.identity.path.slice(scene.dir.length + 1));

/** Replaces a file by its compressed copy, as gzip does. */
function compress(scene: Scene, name: string): void {
  scene.write(`${name}.gz`, gzipSync(readFileSync(scene.path(name))));
  scene.remove(name);
}

play({
  "2 renamed only: the path changes, the offset stays, an append goes on": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start("*.log*");
    await scene.has("one\n");
    scene.move("a.log", "a.log.1");
    await scene.intake.until(() => paths(scene)[0] === "a.log.1", "the new name");
    scene.append("a.log.1", "two\n");
    await scene.has("one\ntwo\n");
    assert.deepEqual(offsets(scene), [8]);
  },

  "3 removed while it is open: its offset is kept to the end": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    const input = await scene.start();
    await scene.has("one\ntwo\n");
    scene.remove("a.log");
    await scene.intake.until(() => input.status().files === 0, "its end");
    assert.deepEqual(offsets(scene), [8]);
  },

  "5, 6 empty lines make no record, and their bytes count": async (scene) => {
    scene.write("a.log", "one\n\ntwo\n");
    scene.write("b.log", "\n\n\n");
    await scene.start();
    await scene.intake.until(() => offsets(scene).join() === "9,3", "both to be read");
    assert.equal([...scene.intake.sources.values()][0]?.records, 2);
  },

  "10-13 idle and closed, then removed, renamed, or rotated and removed": async (scene) => {
    for (const name of ["a", "b", "c"]) scene.write(`${name}.log`, `${name}\n`);
    const input = await scene.start();
    await scene.has("a\n", "b\n", "c\n");
    await scene.idle();
    scene.remove("a.log");
    scene.move("b.log", "b.log.1");
    scene.move("c.log", "c.log.1");
    scene.remove("c.log.1");
    await scene.intake.until(() => input.status().files === 1, "two to be let go");
    scene.append("b.log.1", "more\n");
    await scene.has("a\n", "b\nmore\n", "c\n");
  },

  "14 rotated and idle, the new file read, then the rotated one removed": async (scene) => {
    scene.write("a.log", "1\n2\n3\n");
    const input = await scene.start();
    await scene.has("1\n2\n3\n");
    scene.move("a.log", "a.log.1");
    await scene.idle();
    scene.write("a.log", "4\n5\n6\n");
    await scene.has("1\n2\n3\n", "4\n5\n6\n");
    scene.remove("a.log.1");
    await scene.intake.until(() => input.status().files === 1, "the rotated one to be let go");
  },

  "15 truncated while it is open, and less is written": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    await scene.start();
    await scene.has("one\ntwo\n");
    scene.truncate("a.log");
    scene.append("a.log", "x\n");
    await scene.has("one\ntwo\n", "x\n");
    assert.deepEqual(offsets(scene), [8, 2]);
  },

  "16 truncated while it is closed": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    await scene.start();
    await scene.has("one\ntwo\n");
    await scene.idle();
    scene.truncate("a.log");
    scene.append("a.log", "x\n");
    await scene.has("one\ntwo\n", "x\n");
  },

  "17, 24 truncated next to a link that comes and goes: one state": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    symlinkSync("a.log", scene.path("link.log"));
    await scene.start();
    await scene.has("one\ntwo\n");
    scene.truncate("a.log");
    rmSync(scene.path("link.log"));
    scene.append("a.log", "x\n");
    await scene.has("one\ntwo\n", "x\n");
    symlinkSync("a.log", scene.path("link.log"));
    await scene.quiet(9);
  },

  "18, 19 truncated between looks: nothing extra, and its offset is none": async (scene) => {
    scene.write("a.log", "one\n");
    const input = await scene.start();
    await scene.has("one\n");
    scene.truncate("a.log");
    await scene.intake.until(() => scene.log.events.includes("file_truncated"), "the notice");
    await scene.intake.until(() => scene.intake.known("app").length === 0, "its offset to be forgotten");
    await scene.quiet(9);
    assert.equal(input.status().lagBytes, 0);
    scene.append("a.log", "two\n");
    await scene.has("one\n", "two\n");
    assert.deepEqual(offsets(scene), [4, 4]);
  },

  "20 truncated while nobody takes anything over": async (scene) => {
    scene.write("a.log", "one\n");
    const input = await scene.start();
    await scene.has("one\n");
    await scene.blocked(() => scene.append("a.log", "two\n"), 4);
    scene.truncate("a.log");
    await scene.intake.until(() => input.status().unread.truncated === 4, "the loss to be counted");
    scene.append("a.log", "x\n");
    scene.intake.reopen();
    await scene.has("one\n", "x\n");
  },

  "21, 22 read through a link, which is retargeted: all lines of both": async (scene) => {
    scene.write("v1", "one\n");
    symlinkSync("v1", scene.path("a.log"));
    await scene.start();
    await scene.has("one\n");
    scene.write("v2", "two\n");
    rmSync(scene.path("a.log"));
    symlinkSync("v2", scene.path("a.log"));
    scene.append("v1", "late\n");
    await scene.has("one\nlate\n", "two\n");
  },

  "23 a link is removed: its target is followed": async (scene) => {
    scene.write("target", "one\n");
    symlinkSync("target", scene.path("a.log"));
    await scene.start();
    await scene.has("one\n");
    rmSync(scene.path("a.log"));
    scene.append("target", "two\n");
    await scene.has("one\ntwo\n");
  },

  "27, 28 rotation faster and slower than files become idle": async (scene) => {
    await scene.start("*.log*");
    const all: string[] = [];
    for (let i = 0; i < 6; i++) {
      for (let n = i; n > 0; n--) scene.move(n === 1 ? "a.log" : `a.log.${n - 1}`, `a.log.${n}`);
      scene.write("a.log", `${i}\n`);
      all.push(`${i}\n`);
      if (i < 3) continue;
      await scene.has(...all);
      await scene.idle();
    }
    await scene.has(...all);
  },

  "29 appended during stops: 55 of 55": async (scene) => {
    const writer = openSync(scene.path("a.log"), "a");
    let text = "";
    for (let i = 0; i < 11; i++) {
      const input = await scene.start();
      const stopping = input.stop();
      for (let n = 0; n < 5; n++) {
        writeSync(writer, `${i} ${n}\n`);
        text += `${i} ${n}\n`;
      }
      await stopping;
      await scene.stop();
    }
    closeSync(writer);
    await scene.start();
    await scene.has(text);
    assert.equal([...scene.intake.sources.values()][0]?.records, 55);
  },

  "36 truncated, and stopped before the next look": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    await scene.start();
    await scene.has("one\ntwo\n");
    scene.truncate("a.log");
    scene.append("a.log", "x\n");
    await scene.stop();
    await scene.start();
    await scene.has("one\ntwo\n", "x\n");
  },

  "37 truncated while stopped": async (scene) => {
    scene.write("a.log", "one\ntwo\n");
    await scene.start();
    await scene.has("one\ntwo\n");
    await scene.stop();
    scene.truncate("a.log");
    scene.append("a.log", "x\n");
    await scene.start();
    await scene.has("one\ntwo\n", "x\n");
  },

  "38, without a limit: 200 files and nobody to take anything over, each line once": async (scene) => {
    const input = await scene.start();
    scene.intake.shut();
    for (let i = 0; i < 200; i++) scene.write(`${i}.log`, `${i}\n`);
    await scene.intake.until(() => input.status().files === 200, "all files");
    scene.intake.reopen();
    await scene.has(...Array.from({ length: 200 }, (_, i) => `${i}\n`));
    await scene.idle();
  },

  "50 a line that is longer than a read arrives whole": async (scene) => {
    const text = `${"x".repeat(700_000)}\nend\n`;
    scene.write("a.log", text);
    await scene.start();
    await scene.has(text);
  },

  "1, 55, 56 two rotations and a removal: offsets and inodes are right": async (scene) => {
    scene.write("a.log", "first\n");
    const input = await scene.start("*.log*");
    await scene.has("first\n");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "second line\n");
    await scene.has("first\n", "second line\n");
    scene.move("a.log.1", "a.log.2");
    scene.move("a.log", "a.log.1");
    await scene.intake.until(() => paths(scene).join() === "a.log.2,a.log.1", "the names");
    assert.deepEqual(offsets(scene), [6, 12]);
    scene.remove("a.log.2");
    await scene.intake.until(() => input.status().files === 1, "the removal");
    await scene.intake.until(() => [...scene.intake.sources.values()][0]?.state === "forgotten", "its end");
  },

  "52, 53 the state of each file has its path, offset, inode and device": async (scene) => {
    scene.write("a.log", "one\n");
    scene.write("b.log", "two, and longer\n");
    await scene.start();
    await scene.has("one\n", "two, and longer\n");
    await scene.stop();
    const found = scene.intake.known("app").map(({ identity: { path, inode, device }, checkpoint }) => {
      return { path, inode, device, checkpoint };
    });
    const wanted = ["a.log", "b.log"].map((name) => {
      const { ino, dev, size } = statSync(scene.path(name));
      return { path: scene.path(name), inode: String(ino), device: String(dev), checkpoint: size };
    });
    assert.deepEqual(found, wanted);
  },

  "57, 58 restarts, with a rotation meanwhile: only what is new": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "three\n");
    await scene.start();
    await scene.has("one\ntwo\n", "three\n");
  },

  "59 a rotation while old files are ignored: a file that was begun is read to its end": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start("*.log", { ignoreOlder: 3_600_000 });
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    scene.move("a.log", "a.log.1");
    utimesSync(scene.path("a.log.1"), 1, 1);
    scene.write("a.log", "three\n");
    await scene.start("*.log", { ignoreOlder: 3_600_000 });
    await scene.has("one\ntwo\n", "three\n");
  },

  "60 removed while stopped: its state goes": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    scene.remove("a.log");
    await scene.start();
    await scene.intake.until(() => [...scene.intake.sources.values()][0]?.state === "forgotten", "its end");
  },

  "64 once: 100 lines, and it ends": async (scene) => {
    scene.write("a.log", "line\n".repeat(100));
    await scene.once();
    await scene.has("line\n".repeat(100));
    scene.append("a.log", "more\n");
    await scene.once();
    await scene.has(`${"line\n".repeat(100)}more\n`);
  },

  "45 a compressed file cut in its header, data and trailer, with and without a restart": async (scene) => {
    const text = Array.from({ length: 500 }, (_, n) => `line ${n}\n`).join("");
    const whole = gzipSync(text);
    const cuts = [4, 400, whole.length - 4];
    for (const [n, cut] of cuts.entries()) scene.write(`${n}.log.gz`, whole.subarray(0, cut));
    const input = await scene.start("*.log.gz");
    const read = async (): Promise<void> =>
      scene.intake.until(
        () => input.status().lagBytes < 100 && scene.intake.text.endsWith("line 499\n"),
        "what there is",
      );
    await read();
    await scene.quiet(10);
    for (const [n, cut] of cuts.entries()) scene.append(`${n}.log.gz`, whole.subarray(cut, cut + 2));
    await read();
    await scene.stop();
    for (const [n, cut] of cuts.entries()) scene.append(`${n}.log.gz`, whole.subarray(cut + 2));
    await scene.start("*.log.gz");
    await scene.has(text, text, text);
  },

  "46 a compressed file that was read to its end is not read again": async (scene) => {
    scene.write("a.log.gz", gzipSync("one\n"));
    await scene.start("*.log.gz");
    await scene.has("one\n");
    await scene.idle();
    utimesSync(scene.path("a.log.gz"), 1, 1);
    await scene.quiet(40);
    await scene.stop();
    await scene.start("*.log.gz");
    await scene.quiet(20);
    assert.deepEqual(offsets(scene), [4]);
  },

  "47 members one behind the other are one file": async (scene) => {
    scene.write("a.log.gz", Buffer.concat(["one\ntw", "o\n", "", "three\n"].map((text) => gzipSync(text))));
    await scene.start("*.log.gz");
    await scene.has("one\ntwo\nthree\n");
  },

  "48 a file and then its compressed copy: the same": async (scene) => {
    scene.write("a.log", LONG);
    await scene.start("*.log*");
    await scene.has(LONG);
    compress(scene, "a.log");
    await scene.intake.until(() => paths(scene)[0] === "a.log.gz", "the new name");
    await scene.quiet(20);
    assert.deepEqual(offsets(scene), [LONG.length]);
  },

  "49 rotated into compressed files, one and two generations, partly read before": async (scene) => {
    scene.write("a.log", LONG);
    await scene.start("*.log*");
    await scene.has(LONG);
    scene.intake.shut();
    for (const line of ["two\n", "three\n"]) {
      scene.append("a.log", line);
      scene.move("a.log", "a.log.1");
      compress(scene, "a.log.1");
      if (line === "two\n") scene.move("a.log.1.gz", "a.log.2.gz");
      await scene.quiet(10);
    }
    scene.write("a.log", "four\n");
    scene.intake.reopen();
    await scene.has(`${LONG}two\n`, "three\n", "four\n");
  },
});
