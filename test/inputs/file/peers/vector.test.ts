// Scenarios from the tests of Vector, the OpenTelemetry collector and vlagent, or reported as their bugs, with their numbers in
// our notes.
//
// Tested elsewhere:
// S5 test/system/reload.test.ts; S7 test/inputs/file/histories.test.ts and model.test.ts, against a model
// S9 UTF-16, multiline and its checkpoint formats.test.ts; gzip of several members filebeat.test.ts, 47; longest lines
// fluent-bit.test.ts, D43 and D44; empty lines D45; old files A8
// S27 test/crash/spill.test.ts, with kills; S28 quiet.test.ts
//
// Left out: reading the oldest file first, of S9, is an option of Vector; spillway reads all files in turns.
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { play } from "./scene.ts";

play({
  "S2 renamed and created anew, unique lines in both: each once": async (scene) => {
    await scene.start("*.log*");
    scene.write("a.log", "1\n");
    await scene.has("1\n");
    scene.move("a.log", "a.log.1");
    scene.append("a.log.1", "2\n");
    scene.write("a.log", "3\n");
    await scene.has("1\n2\n", "3\n");
  },

  "S3 copied and truncated, unique lines in both: each once": async (scene) => {
    scene.write("a.log", "1\n");
    await scene.start();
    await scene.has("1\n");
    copyFileSync(scene.path("a.log"), scene.path("a.log.1"));
    scene.truncate("a.log");
    scene.append("a.log", "2\n");
    await scene.has("1\n", "2\n");
  },

  "S4 truncated: a new line arrives": async (scene) => {
    scene.write("a.log", "1\n");
    await scene.start();
    await scene.has("1\n");
    scene.truncate("a.log");
    scene.append("a.log", "2\n");
    await scene.has("1\n", "2\n");
  },

  "S6 JSON in JSON passes as it is": async (scene) => {
    const line = `${JSON.stringify({ message: JSON.stringify({ message: '"\\n' }) })}\n`;
    scene.write("a.log", line);
    await scene.start();
    await scene.has(line);
  },

  "S8 restart: what had no fate comes again, what had one does not, with a rotation in between": async (scene) => {
    const input = await scene.start();
    for (const line of ["1\n", "2\n", "3\n"]) {
      if (line === "1\n") scene.write("a.log", line);
      else scene.append("a.log", line);
      await scene.intake.until(() => scene.intake.text.endsWith(line), line);
    }
    await input.stop();
    scene.intake.restart(() => 1);
    assert.equal(scene.intake.text, "1\n");
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "4\n");
    await scene.start();
    await scene.has("1\n2\n3\n", "4\n");
  },

  "S9 half a line now, the rest later": async (scene) => {
    scene.write("a.log", "ha");
    await scene.start();
    await scene.quiet(1);
    scene.append("a.log", "lf\nwho");
    await scene.has("half\n");
    scene.append("a.log", "le\n");
    await scene.has("half\nwhole\n");
  },

  "S9 a small file is read next to a big one": async (scene) => {
    scene.write("big.log", "line\n".repeat(1_000_000));
    scene.write("small.log", "small\n");
    await scene.start();
    await scene.intake.until(() => scene.intake.texts.includes("small\n"), "the small one");
    assert.ok(scene.intake.text.length < 5_000_000, "the big one was read first");
  },

  "S9 a line end across two reads": async (scene) => {
    // One read takes at most 256 KiB.
    const line = (length: number): string => `${"x".repeat(length)}\r\n`;
    const text = line(262_143) + line(262_142) + line(262_141) + line(3);
    scene.write("a.log", text);
    await scene.start();
    await scene.has(text);
    assert.equal([...scene.intake.sources.values()][0]?.records, 4);
  },

  "S29 an inode that is used again, with the checkpoint of the file before": async (scene) => {
    scene.write("a.log", `${"x".repeat(2000)}\none\n`);
    await scene.start();
    await scene.has(`${"x".repeat(2000)}\none\n`);
    await scene.stop();
    scene.remake("a.log", `${"x".repeat(2000)}\nsix\nmore\n`, "b.log");
    await scene.start();
    await scene.has(`${"x".repeat(2000)}\none\n`, `${"x".repeat(2000)}\nsix\nmore\n`);
  },

  "S30 230 rotations an hour, of a file that is idle in between": async (scene) => {
    const input = await scene.start();
    const texts: string[] = [];
    for (let n = 0; n < 8; n++) {
      scene.write("a.log", `${n}\n`);
      await scene.has(...texts, `${n}\n`);
      await scene.quiet(3600 / 230);
      scene.append("a.log", "last\n");
      scene.move("a.log", `a.log.${n}`);
      scene.append(`a.log.${n}`, "late\n");
      texts.push(`${n}\nlast\nlate\n`);
      await scene.has(...texts);
      if (n >= 3) scene.remove(`a.log.${n - 3}`);
    }
    await scene.intake.until(() => scene.intake.known("app").length === 3, "what is gone to be forgotten");
    assert.equal(input.status().files, 3);
    assert.deepEqual(Object.values(input.status().unread).filter(Boolean), []);
  },
});
