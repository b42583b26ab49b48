// Files with content that was read before: the same file in a new inode, a copy made by rotation, or another file with the same
// content. Another file is always read; the same file and copies are not read again.
import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { FSWatcher } from "chokidar";
import { fastClock } from "../../helpers/fast-clock.ts";
import { play, Scene } from "./peers/scene.ts";

const clock = fastClock(20);
/** 50 lines are longer than a fingerprint. */
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of a log that somebody writes\n`).join("");
const LOG = lines(0, 50);
const REPORT = "backup finished: OK\n".repeat(100);
const SHORT = "backup finished: OK\n";

/** As rsync without --inplace and `sed -i` do: a new file takes the old one's name in one step. */
function replace(scene: Scene, name: string, text: string): void {
  writeFileSync(scene.path(".new"), text);
  renameSync(scene.path(".new"), scene.path(name));
}

/** Waits more than a minute: by then, no file is held any more. */
async function settles(scene: Scene, ...texts: readonly string[]): Promise<void> {
  await scene.has(...texts);
  await scene.quiet(150);
  await scene.has(...texts);
}

// Most scenarios wait most of the time.
describe("content that was read before", { concurrency: 8 }, () => {
  for (const [what, text] of [
    ["of a line", SHORT],
    ["longer than a fingerprint", REPORT],
  ] as const)
    play({
      [`nightly reports with dates in their names and the same text ${what}, the older one removed before, running`]:
        async (scene) => {
          scene.write("job-2026-11-24.log", text);
          await scene.start();
          await scene.has(text);
          await scene.idle();
          scene.remove("job-2026-11-24.log");
          scene.write("job-2026-11-25.log", text);
          await settles(scene, text, text);
        },

      [`the same, stopped in between, text ${what}`]: async (scene) => {
        scene.write("job-2026-11-24.log", text);
        await scene.start();
        await scene.has(text);
        await scene.stop();
        scene.remove("job-2026-11-24.log");
        scene.write("job-2026-11-25.log", text);
        await scene.start();
        await settles(scene, text, text);
      },

      [`the same by a run with an end each night, text ${what}`]: async (scene) => {
        for (const day of [24, 25, 26]) {
          scene.write(`job-2026-11-${day}.log`, text);
          if (day > 24) scene.remove(`job-2026-11-${day - 1}.log`);
          await scene.once();
        }
        await scene.has(text, text, text);
      },

      [`a status file that is removed and written anew each night with the same text ${what}`]: async (scene) => {
        scene.write("status.log", text);
        const input = await scene.start();
        await scene.has(text);
        for (let night = 1; night < 3; night++) {
          scene.remove("status.log");
          await scene.intake.until(() => input.status().files === 0, "the removal to be seen");
          scene.write("status.log", text);
          await scene.has(...Array.from({ length: night + 1 }, () => text));
          await scene.idle();
        }
        await settles(scene, text, text, text);
      },
    });

  play({
    "replaced by the same content and more, in a new inode, again and again: goes on": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      for (let round = 1; round < 4; round++) {
        if (round === 2) await scene.idle();
        replace(scene, "app.log", lines(0, 50 + 10 * round));
        await scene.has(lines(0, 50 + 10 * round));
      }
      replace(scene, "app.log", lines(0, 80));
      await settles(scene, lines(0, 80));
      assert.equal(scene.intake.sources.size, 1);
    },

    "replaced while nothing is taken over: what was unread is read from the new file": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      const more = lines(50, 60);
      await scene.blocked(() => scene.append("app.log", more), more.length);
      replace(scene, "app.log", lines(0, 70));
      await clock.sleep(20_000);
      scene.intake.reopen();
      await settles(scene, lines(0, 70));
      assert.equal(scene.intake.sources.size, 1);
    },

    "replaced by other content, longer and shorter: read": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      replace(scene, "app.log", lines(100, 200));
      await scene.has(LOG, lines(100, 200));
      replace(scene, "app.log", lines(100, 150));
      await settles(scene, LOG, lines(100, 200), lines(100, 150));
    },

    "restored to another disk while stopped, and written to there": async (scene) => {
      for (const name of ["a.log", "b.log", "c.log"]) scene.write(name, name + LOG);
      await scene.start();
      await scene.has(...["a.log", "b.log", "c.log"].map((name) => name + LOG));
      await scene.stop();
      for (const name of ["a.log", "b.log", "c.log"]) {
        copyFileSync(scene.path(name), scene.path("kept"));
        scene.remove(name);
        scene.move("kept", name);
      }
      scene.append("b.log", "more\n");
      await scene.start();
      await settles(scene, `a.log${LOG}`, `b.log${LOG}more\n`, `c.log${LOG}`);
      assert.equal(scene.intake.known("app").length, 3);
    },

    "removed and restored with more than was read, though it was seen to be gone: goes on": async (scene) => {
      scene.write("app.log", LOG);
      const input = await scene.start();
      await scene.has(LOG);
      cpSync(scene.path("app.log"), scene.path("kept"));
      scene.remove("app.log");
      await scene.intake.until(() => input.status().files === 0, "the removal to be seen");
      scene.append("kept", "more\n");
      scene.move("kept", "app.log");
      await scene.has(`${LOG}more\n`);
    },

    "copytruncate with dateext and `extension .log`, running: the copy is not read": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      copyFileSync(scene.path("app.log"), scene.path("app-20261124.log"));
      await clock.sleep(500);
      scene.truncate("app.log");
      scene.append("app.log", "three\n");
      await settles(scene, LOG, "three\n");
    },

    "the same, unread in part: the rest comes from the copy": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      await scene.blocked(() => scene.append("app.log", "two\n"), 4);
      copyFileSync(scene.path("app.log"), scene.path("app-20261124.log"));
      scene.truncate("app.log");
      scene.append("app.log", "three\n");
      await clock.sleep(5000);
      scene.intake.reopen();
      await settles(scene, `${LOG}two\n`, "three\n");
    },

    "the same with numbers before the extension, running and stopped": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start();
      await scene.has(LOG);
      copyFileSync(scene.path("app.log"), scene.path("app.1.log"));
      scene.truncate("app.log");
      scene.append("app.log", lines(100, 150));
      await settles(scene, LOG, lines(100, 150));
      await scene.stop();
      scene.move("app.1.log", "app.2.log");
      copyFileSync(scene.path("app.log"), scene.path("app.1.log"));
      scene.truncate("app.log");
      scene.append("app.log", "three\n");
      await scene.start();
      await settles(scene, LOG, lines(100, 150), "three\n");
    },

    "a fingerprint does not shrink when a process ends before it has read anything again": async (scene) => {
      scene.write("app.log", LOG);
      await scene.start("app.log*");
      await scene.has(LOG);
      await scene.stop();
      // The server stored everything, but its responses were lost.
      scene.intake.restart(() => 0);
      for (const name of ["app.log.1", "app.log.2"]) {
        scene.move(name === "app.log.1" ? "app.log" : "app.log.1", name);
        scene.intake.shut();
        await scene.start("app.log*");
        await clock.sleep(2000);
        await scene.stop();
        scene.intake.restart(() => 0);
      }
      writeFileSync(scene.path("app.log.2.gz"), gzipSync(readFileSync(scene.path("app.log.2"))));
      scene.remove("app.log.2");
      scene.intake.reopen();
      await scene.start("app.log*");
      await settles(scene, LOG);
      assert.equal(scene.intake.sources.size, 1);
    },
  });

  for (const watched of ["watched", "not watched"] as const)
    test(`moved between two directories that patterns match, ${watched}`, { concurrency: true }, async (t) => {
      if (watched === "not watched")
        t.mock.method(FSWatcher.prototype, "add", function (this: FSWatcher) {
          return this;
        });
      await Promise.all(
        Array.from({ length: 6 }, async (_, i) => {
          const scene = new Scene(t);
          for (const name of ["in", "done"]) mkdirSync(scene.path(name));
          scene.write("in/a.csv", "one\ntwo\n");
          await scene.start("{in,done}/*.csv");
          await scene.has("one\ntwo\n");
          await clock.sleep(20_000 + i * 1300);
          scene.move("in/a.csv", "done/a.csv");
          await scene.quiet(30);
          scene.append("done/a.csv", "three\n");
          await scene.has("one\ntwo\nthree\n");
          assert.equal(scene.intake.sources.size, 1);
        }),
      );
    });
});
