// How long a new file is held that may be a copy of another: as long as it looks like a copy under way.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { play, type Scene } from "../peers/scene.ts";

const ALL = "a.log*";
const HEAD = "what every file begins with\n";
const LINES = Array.from({ length: 5000 }, (_, i) => `${i} ${Math.sqrt(i)}\n`).join("");
const PARTS = 12;
const clock = fastClock(20);

/** A log that has only its first line, and another file that grows by a line a second. Goes on until the other file is read. */
async function readWhileItGrows(scene: Scene, write: (line: string) => void): Promise<void> {
  scene.write("a.log", HEAD);
  await scene.start(ALL);
  await scene.has(HEAD);
  write(HEAD);
  for (let i = 0; scene.intake.sources.size === 1; i++) {
    assert.ok(i < 60, "it is not read as long as it grows");
    write(`line ${i}\n`);
    await clock.sleep(1000);
  }
}

play({
  "a busy file next to one that has only its beginning": (scene) =>
    readWhileItGrows(scene, (line) => scene.append("a.log.2", line)),

  "a compressed one that grows next to it": (scene) =>
    readWhileItGrows(scene, (line) => scene.append("a.log.2.gz", gzipSync(line))),

  "two that are written alike": (scene) =>
    readWhileItGrows(scene, (line) => {
      if (line !== HEAD) scene.append("a.log", line);
      scene.append("a.log.2", line);
    }),

  "a copy that is made slowly, of a log that grows: not read again": async (scene) => {
    scene.write("a.log", LINES);
    await scene.start(ALL);
    await scene.has(LINES);
    for (let part = 1; part <= PARTS; part++) {
      scene.append("a.log", `part ${part}\n`);
      const bytes = readFileSync(scene.path("a.log"));
      scene.write("a.log.1", bytes.subarray(0, (bytes.length * part) / PARTS));
      await clock.sleep(1000);
    }
    const text = readFileSync(scene.path("a.log"), "utf8");
    scene.truncate("a.log");
    scene.append("a.log", "new\n");
    await scene.has(text, "new\n");
    await scene.quiet(15);
  },

  "one that is compressed slowly, under another name": async (scene) => {
    scene.write("a.log", LINES);
    await scene.start(ALL);
    await scene.has(LINES);
    const bytes = gzipSync(LINES);
    for (let part = 1; part <= PARTS; part++) {
      scene.write("a.log.1.gz", bytes.subarray(0, (bytes.length * part) / PARTS));
      await clock.sleep(1000);
    }
    scene.truncate("a.log");
    scene.append("a.log", "new\n");
    await scene.has(LINES, "new\n");
    await scene.quiet(15);
  },
});
