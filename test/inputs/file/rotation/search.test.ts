// Files that were moved away, and are found by searching around their former paths.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { play } from "../peers/scene.ts";

play({
  "moved to a directory that nobody watches, by a name that no rotation gives, while its descriptor is closed": async (
    scene,
  ) => {
    mkdirSync(scene.path("old"));
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.idle();
    scene.append("a.log", "two\n");
    scene.move("a.log", "old/kept");
    await scene.has("one\ntwo\n");
    scene.append("old/kept", "three\n");
    await scene.has("one\ntwo\nthree\n");
    assert.equal(scene.intake.sources.size, 1);
  },

  "renamed while stopped to a name that no rotation gives": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.stop();
    scene.append("a.log", "two\n");
    scene.move("a.log", "kept");
    scene.write("a.log", "new\n");
    await scene.start();
    await scene.has("one\ntwo\n", "new\n");
    await scene.quiet(15);
  },

  "the next file of a name is rotated too before anybody saw it, and the rotation of the first is heard of": async (
    scene,
  ) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    await scene.quiet(20);
    scene.move("a.log", "a.log.1");
    scene.write("a.log", "two\n");
    scene.move("a.log", "a.log.2");
    scene.write("a.log", "three\n");
    scene.move("a.log", "a.log.3");
    scene.write("a.log", "four\n");
    await scene.has("one\n", "two\n", "three\n", "four\n");
    await scene.quiet(15);
  },

  "a file that comes after the first was rotated, and is rotated before anybody saw it": async (scene) => {
    scene.write("a.log", "one\n");
    await scene.start();
    await scene.has("one\n");
    scene.move("a.log", "a.log.1");
    await scene.quiet(20);
    scene.write("a.log", "two\n");
    scene.move("a.log", "a.log.2");
    scene.write("a.log", "three\n");
    await scene.has("one\n", "two\n", "three\n");
    await scene.quiet(15);
  },
});
