import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, truncateSync, utimesSync } from "node:fs";
import { systemClock } from "../../../../src/core/clock.ts";
import { eventually } from "../../../helpers/agent-process.ts";
import { play, type Scene } from "../peers/scene.ts";

const ALL = "*.log*";
const END = { start: "end" } as const;
const IGNORING = { ...END, ignoreOlder: 3_600_000 } as const;

/** Writes an old file whose last line has no line end. */
function writeIgnored(scene: Scene): void {
  scene.write("a.log", "old\nfr");
  utimesSync(scene.path("a.log"), 1, 1);
}

/** Waits until the file's times are old enough to be reliable. */
async function settled(scene: Scene, name: string): Promise<void> {
  const { ctimeMs } = statSync(scene.path(name));
  await eventually("the time to pass", () => systemClock.wall() - ctimeMs > 25);
}

/** Two files with the same content: the second one is held as a possible copy. */
function writeCopy(scene: Scene): void {
  scene.write("a.log", "one\n");
  scene.write("a.log.1", "one\n");
}

async function unreadable(scene: Scene, act: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0;
  chmodSync(scene.dir, 0o755);
  chmodSync(scene.path("a.log"), 0);
  if (root) process.seteuid?.(65534);
  try {
    await act();
    assert.ok(scene.log.events.includes("file_unreadable"));
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(scene.path("a.log"), 0o644);
  }
}

play({
  "first start with no directory, an empty one, an empty file: what comes while stopped is read": async (scene) => {
    const startOnce = async (): Promise<void> => {
      await scene.start("logs/*.log", END);
      await scene.stop();
    };
    await startOnce();
    mkdirSync(scene.path("logs"));
    await startOnce();
    scene.write("logs/a.log", "");
    await startOnce();
    scene.write("logs/a.log", "one\n");
    await scene.start("logs/*.log", END);
    await scene.has("one\n");
  },

  "after all files were read, removed and forgotten: what comes while stopped is read": async (scene) => {
    await scene.start(ALL, END);
    scene.write("a.log", "one\n");
    await scene.has("one\n");
    scene.remove("a.log");
    await scene.intake.until(() => [...scene.intake.sources.values()][0]?.state === "forgotten", "its end");
    await scene.stop();
    scene.write("a.log", "two\n");
    await scene.start(ALL, END);
    await scene.has("one\n", "two\n");
  },

  "the first start was with `start: beginning`: what came since is read": async (scene) => {
    await scene.start();
    await scene.stop();
    scene.write("a.log", "one\n");
    await scene.start("*.log", END);
    await scene.has("one\n");
  },

  "a file that is ignored begins where it ended, also after a restart": async (scene) => {
    writeIgnored(scene);
    await settled(scene, "a.log");
    for (let life = 0; life < 3; life++) {
      await scene.start(ALL, IGNORING);
      await scene.stop();
    }
    const input = await scene.start(ALL, IGNORING);
    scene.append("a.log", "esh\n");
    await scene.has("fresh\n");
    assert.equal(input.status().unread.skipped, 4);
  },

  "a file that is ignored, and is written to while stopped: nobody knows what is old of it": async (scene) => {
    writeIgnored(scene);
    await scene.start(ALL, IGNORING);
    await scene.stop();
    scene.append("a.log", "esh\n");
    await scene.start(ALL, IGNORING);
    await scene.has("old\nfresh\n");
  },

  "a file that is ignored, and is written anew, begins at byte 0": async (scene) => {
    writeIgnored(scene);
    await scene.start(ALL, IGNORING);
    truncateSync(scene.path("a.log"));
    scene.append("a.log", "new\n");
    await scene.has("new\n");
  },

  "a file that cannot be opened begins where it ended": async (scene) => {
    scene.write("a.log", "old\n");
    await unreadable(scene, async () => void (await scene.start(ALL, END)));
    scene.append("a.log", "new\n");
    await scene.has("new\n");
  },

  "a file that waits, since it may be a copy, begins where it ended": async (scene) => {
    writeCopy(scene);
    const input = await scene.start(ALL, END);
    scene.append("a.log.1", "more\n");
    await scene.has("more\n");
    assert.equal(input.status().unread.skipped, 8);
  },

  "a file that waits is old for the next process too": async (scene) => {
    writeCopy(scene);
    await settled(scene, "a.log.1");
    await scene.start(ALL, END);
    await scene.stop();
    const input = await scene.start(ALL, END);
    await scene.intake.until(() => input.status().files === 2, "both");
    scene.append("a.log.1", "more\n");
    await scene.has("more\n");
  },

  "a file that comes between two starts is not old, whatever its times say": async (scene) => {
    await scene.start(ALL, END);
    await scene.stop();
    scene.write("a.log", "new\n");
    utimesSync(scene.path("a.log"), 1, 1);
    await scene.start(ALL, END);
    await scene.has("new\n");
  },

  "a first start by a clock that was put back since says nothing of a file": async (scene) => {
    scene.intake.start("app", systemClock.wall() + 3_600_000);
    scene.write("a.log", "new\n");
    await scene.start(ALL, END);
    await scene.has("new\n");
  },
});
