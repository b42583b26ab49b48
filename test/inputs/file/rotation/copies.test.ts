// Copies are recognised by their names and a full fingerprint. Copies made by compression and copytruncate are not read again,
// and supply what the original no longer has. All other files that look like copies are read, and so are copies of less than a
// KiB.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe } from "node:test";
import { play, type Scene } from "../peers/scene.ts";

const ALL = "a.log*";
/** Longer than a fingerprint. */
const HEAD = "the same beginning in every file\n".repeat(40);
const long = (name: string): string =>
  Array.from({ length: 40 }, (_, i) => `${name} ${i} ${"-".repeat(20)}\n`).join("");
const [ONE, TWO] = [long("one"), long("two")];
const sources = (scene: Scene): number => scene.intake.sources.size;

/** As gzip does: the compressed file is complete before the plain file is removed. */
function compress(scene: Scene, from: string, to = `${from}.gz`): void {
  scene.write(to, gzipSync(readFileSync(scene.path(from))));
  scene.remove(from);
}

function copyTruncate(scene: Scene, to = "a.log.1", name = "a.log"): void {
  copyFileSync(scene.path(name), scene.path(to));
  scene.truncate(name);
}

/** Nothing is read twice in the next seconds, nor by the next process. */
async function stays(scene: Scene, glob = ALL): Promise<void> {
  await scene.quiet(15);
  await scene.stop();
  await scene.start(glob);
  await scene.quiet(15);
}

/** A line is added between copying and truncating. @param then called after the truncation */
async function lacksTheLast(scene: Scene, then: () => void): Promise<void> {
  scene.write("a.log", ONE);
  await scene.start(ALL);
  for (const line of ["two\n", "three\n"]) {
    await scene.intake.until(() => scene.intake.text.length > 3, "the line before");
    scene.append("a.log", line);
    await scene.intake.until(() => scene.intake.text.endsWith(line), line);
  }
  copyFileSync(scene.path("a.log"), scene.path("a.log.1"));
  scene.append("a.log", "four\n");
  await scene.has(`${ONE}two\nthree\nfour\n`);
  scene.truncate("a.log");
  then();
  scene.append("a.log", "new\n");
  await scene.has(`${ONE}two\nthree\nfour\n`, "new\n");
  await stays(scene);
}

// Most scenarios wait most of the time.
describe("copies", { concurrency: 4 }, () =>
  play({
    "read, rotated, compressed": async (scene) => {
      scene.write("a.log", ONE);
      const input = await scene.start(ALL);
      await scene.has(ONE);
      scene.move("a.log", "a.log.1");
      scene.write("a.log", "two\n");
      await scene.has(ONE, "two\n");
      compress(scene, "a.log.1");
      await scene.intake.until(() => input.status().files === 2, "the plain file to be let go");
      await stays(scene);
      assert.equal(sources(scene), 2);
      scene.move("a.log.1.gz", "a.log.2.gz");
      await stays(scene);
    },

    "partly read, rotated and compressed in one moment, while nobody takes anything over": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      await scene.blocked(() => scene.append("a.log", "two\n"), 4);
      scene.move("a.log", "a.log.1");
      compress(scene, "a.log.1");
      scene.write("a.log", "new\n");
      await scene.quiet(20);
      scene.intake.reopen();
      await scene.has(`${ONE}two\n`, "new\n");
      await stays(scene);
    },

    "the compressed file is seen empty, half and whole, while the plain one has its name and when it has none": async (
      scene,
    ) => {
      const text = Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join("");
      const packed = gzipSync(text);
      for (const name of ["a.log.1", "a.log.2"]) {
        scene.write("a.log", `${name}\n${text}`);
        const whole = gzipSync(`${name}\n${text}`);
        await scene.start(ALL);
        await scene.intake.until(() => scene.intake.texts.includes(`${name}\n${text}`), "it to be read");
        await scene.blocked(() => scene.append("a.log", "last\n"), 5);
        scene.move("a.log", "a.log.1");
        if (name === "a.log.2") scene.remove("a.log.1");
        for (const cut of [0, 1, 2, 12, packed.length / 2]) {
          scene.write(`${name}.gz`, whole.subarray(0, cut));
          await scene.quiet(2);
        }
        scene.write(`${name}.gz`, gzipSync(`${name}\n${text}last\n`));
        if (name === "a.log.1") scene.remove("a.log.1");
        scene.intake.reopen();
        await scene.intake.until(() => scene.intake.texts.includes(`${name}\n${text}last\n`), "the last line");
        await stays(scene);
        await scene.stop();
      }
      await scene.has(...["a.log.1", "a.log.2"].map((name) => `${name}\n${text}last\n`));
    },

    "not read at all before it was compressed": async (scene) => {
      await scene.start(ALL);
      await scene.blocked(() => scene.write("a.log", ONE), ONE.length);
      compress(scene, "a.log", "a.log.1.gz");
      await scene.quiet(20);
      scene.intake.reopen();
      await scene.has(ONE);
      await stays(scene);
    },

    "compressed while stopped: all read, partly, not at all; rotated twice": async (scene) => {
      scene.write("a.log", `${HEAD}one\n`);
      await scene.start(ALL);
      await scene.has(`${HEAD}one\n`);
      await scene.stop();
      scene.append("a.log", "two\n");
      compress(scene, "a.log", "a.log.3.gz");
      scene.write("a.log.2.gz", gzipSync(`${HEAD}between\n`));
      scene.write("a.log.1", `${HEAD}later\n`);
      scene.write("a.log", `${HEAD}new\n`);
      await scene.start(ALL);
      const texts = [`${HEAD}one\ntwo\n`, `${HEAD}between\n`, `${HEAD}later\n`, `${HEAD}new\n`];
      await scene.has(...texts);
      await stays(scene);
      await scene.has(...texts);
    },

    "compressed while stopped, and no pattern matches that: its rest is read, and what came between": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start("*.log", { exclude: ["*.gz"] });
      await scene.has(ONE);
      await scene.stop();
      scene.append("a.log", "two\n");
      compress(scene, "a.log", "old/a-20261124.log.gz");
      scene.write("a.log", "new\n");
      await scene.start("*.log", { exclude: ["*.gz"] });
      await scene.has(`${ONE}two\n`, "new\n");
      await stays(scene, "*.log");
    },

    "the same with --once": async (scene) => {
      scene.write("a.log", ONE);
      await scene.once(ALL);
      scene.append("a.log", "two\n");
      compress(scene, "a.log", "a.log.1.gz");
      scene.write("a.log", "new\n");
      await scene.once(ALL);
      await scene.has(`${ONE}two\n`, "new\n");
      await scene.once(ALL);
      await scene.has(`${ONE}two\n`, "new\n");
    },

    "the same with --once, and its device has another number since: nothing waits for another run": async (scene) => {
      const elsewhere = (): void => {
        for (const { known } of scene.intake.sources.values())
          scene.intake.identify(known.id, { ...known.identity, device: "1" });
      };
      scene.write("a.log", ONE);
      scene.write("b.log", `${HEAD}one\n`);
      await scene.once("*.log*");
      elsewhere();
      scene.append("a.log", "two\n");
      compress(scene, "a.log", "a.log.1.gz");
      scene.remove("b.log");
      scene.write("b.log.1", `${HEAD}two\n`);
      await scene.once("*.log*");
      await scene.has(`${ONE}two\n`, `${HEAD}one\n`, `${HEAD}two\n`);
      assert.equal(scene.intake.known("app").length, 3, "what cannot be looked for is not forgotten");
    },

    "only part of it was answered for when it was compressed": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      for (const line of ["two\n", "three\n"]) {
        scene.append("a.log", line);
        await scene.intake.until(() => scene.intake.text.endsWith(line), line);
      }
      await scene.stop();
      scene.intake.restart(() => 1);
      assert.equal(scene.intake.text, ONE);
      compress(scene, "a.log", "a.log.1.gz");
      await scene.start(ALL);
      await scene.has(`${ONE}two\nthree\n`);
      await stays(scene);
    },

    "what waits at the first start is old with start: end": async (scene) => {
      scene.write("a.log", `${HEAD}one\n`);
      scene.write("a.log.1", `${HEAD}one\n`);
      scene.write("a.log.2.gz", gzipSync(`${HEAD}two\n`));
      const input = await scene.start(ALL, { start: "end" });
      await scene.intake.until(() => input.status().files === 3, "all to be known");
      assert.equal(scene.intake.text, "");
      scene.append("a.log", "new\n");
      await scene.has("new\n");
      await scene.stop();
      await scene.start(ALL, { start: "end" });
      await scene.quiet(15);
    },

    "gzip -k: the compressed file next to the plain one is not read": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      scene.write("a.log.gz", gzipSync(ONE));
      await scene.quiet(20);
      scene.append("a.log", "two\n");
      await scene.has(`${ONE}two\n`);
      scene.remove("a.log");
      await stays(scene);
      await scene.has(`${ONE}two\n`);
    },

    "a compressed file next to the plain one that only begins like it: read, also with --once": async (scene) => {
      const all = [`${HEAD}one\n`, `${HEAD}one\n`, `${HEAD}two\n`];
      scene.write("a.log", `${HEAD}one\n`);
      scene.write("a.log.gz", gzipSync(`${HEAD}o`));
      scene.write("b.log", `${HEAD}one\n`);
      scene.write("b.log.gz", gzipSync(`${HEAD}two\n`));
      await scene.once("*.log*");
      await scene.has(...all);
      await scene.start("*.log*");
      scene.write("a.log.gz", gzipSync(`${HEAD}three\n`));
      await scene.has(...all, `${HEAD}three\n`);
      await scene.stop();
      await scene.start("*.log*");
      await scene.quiet(15);
    },

    "compressed by another name, another content, or somewhere else: a file of its own": async (scene) => {
      scene.write("a.log", `${HEAD}one\n`);
      await scene.start("**/*");
      await scene.has(`${HEAD}one\n`);
      scene.write("b.log.gz", gzipSync(`${HEAD}one\n`));
      scene.write("a.log.1.gz", gzipSync(`${HEAD}two\n`));
      await scene.has(`${HEAD}one\n`, `${HEAD}one\n`, `${HEAD}two\n`);
    },

    "of two with the same beginning it is the one that goes on as it was read": async (scene) => {
      scene.write("a.log", `${HEAD}one\n`);
      await scene.start(ALL);
      await scene.has(`${HEAD}one\n`);
      await scene.stop();
      for (const [n, text] of ["two", "three", "one", "four"].entries())
        scene.write(`a.log.${n}.gz`, gzipSync(`${HEAD}${text}\nmore\n`));
      scene.remove("a.log");
      await scene.start(ALL);
      await scene.has(...["one", "two", "three", "four"].map((text) => `${HEAD}${text}\nmore\n`));
      assert.equal(sources(scene), 4);
    },

    "copytruncate: the copy is not read again, whether a pattern matches it or not": async (scene) => {
      for (const glob of [ALL, "*.log"]) {
        const name = glob === ALL ? "a.log" : "b.log";
        scene.write(name, long(name));
        await scene.start(glob === ALL ? ALL : "b.log");
        await scene.intake.until(() => scene.intake.text.includes(long(name)), "the first lines");
        copyTruncate(scene, `${name}.1`, name);
        scene.append(name, `${name} two\n`);
        await scene.intake.until(() => scene.intake.text.includes(`${name} two\n`), "the second");
        await stays(scene, glob === ALL ? ALL : "b.log");
        await scene.stop();
      }
      await scene.has(long("a.log"), "a.log two\n", long("b.log"), "b.log two\n");
    },

    "copytruncate: what was unread is read from the copy, under the same source": async (scene) => {
      scene.write("a.log", ONE);
      const input = await scene.start("*.log");
      await scene.has(ONE);
      await scene.blocked(() => scene.append("a.log", "two\n"), 4);
      copyTruncate(scene);
      scene.append("a.log", "new\n");
      await scene.intake.until(() => input.status().files === 2, "the copy");
      scene.intake.reopen();
      await scene.has(`${ONE}two\n`, "new\n");
      assert.equal(input.status().unread.truncated, 0);
      await stays(scene, "*.log");
    },

    "copytruncate: the copy is seen while it is made": async (scene) => {
      const text = Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join("");
      scene.write("a.log", text);
      await scene.start(ALL);
      await scene.has(text);
      scene.write("a.log.1", "");
      for (let at = 0; at < text.length; at += 1000) {
        appendFileSync(scene.path("a.log.1"), text.slice(at, at + 1000));
        await scene.quiet(1);
      }
      scene.truncate("a.log");
      scene.append("a.log", "new\n");
      await scene.has(text, "new\n");
      await stays(scene);
    },

    "copytruncate: what is read between copying and truncating the copy lacks": async (scene) => {
      await lacksTheLast(scene, () => {});
      scene.append("a.log.1", "what nobody writes\n");
      await scene.has(`${ONE}two\nthree\nfour\n`, "new\n", "what nobody writes\n");
    },

    "copytruncate and compress: what is read between copying and truncating the copy lacks": (scene) =>
      lacksTheLast(scene, () => compress(scene, "a.log.1")),

    "copytruncate while stopped, with lines that were unread": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      await scene.stop();
      scene.append("a.log", "two\n");
      copyTruncate(scene);
      scene.append("a.log", "new\n");
      await scene.start(ALL);
      await scene.has(`${ONE}two\n`, "new\n");
      await stays(scene);
    },

    "copytruncate and compress, read and unread, running and stopped": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      copyTruncate(scene);
      compress(scene, "a.log.1");
      scene.append("a.log", TWO);
      await scene.has(ONE, TWO);
      await stays(scene);
      await scene.stop();
      scene.append("a.log", "three\n");
      scene.move("a.log.1.gz", "a.log.2.gz");
      copyTruncate(scene);
      compress(scene, "a.log.1");
      scene.append("a.log", "four\n");
      await scene.start(ALL);
      await scene.has(ONE, `${TWO}three\n`, "four\n");
      await stays(scene);
    },

    "a copy that somebody makes of a log, and that nobody truncates: what is added to it is read": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      copyFileSync(scene.path("a.log"), scene.path("a.log.bak"));
      scene.append("a.log", "two\n");
      await scene.has(`${ONE}two\n`);
      await scene.intake.until(() => scene.log.events.includes("copy_skipped"), "that it is a copy");
      scene.append("a.log.bak", "three\n");
      await scene.has(`${ONE}two\n`, "three\n");
      scene.remove("a.log");
      await stays(scene);
    },

    "a copy that goes on otherwise while it is held: read": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start(ALL);
      await scene.has(ONE);
      copyFileSync(scene.path("a.log"), scene.path("a.log.bak"));
      await scene.quiet(2);
      scene.append("a.log.bak", "three\n");
      await scene.has(ONE, `${ONE}three\n`);
    },

    "a copy of less than a fingerprint: read": async (scene) => {
      scene.write("a.log", "one\n");
      await scene.start(ALL);
      await scene.has("one\n");
      copyFileSync(scene.path("a.log"), scene.path("a.log.bak"));
      await scene.has("one\n", "one\n");
    },

    "a file that grows beyond the one that it begins like is no copy: read while it grows": async (scene) => {
      scene.write("a.log", "#header\n");
      await scene.start(ALL);
      await scene.has("#header\n");
      scene.write("a.log.1", "#header\n");
      const writing = setInterval(() => scene.append("a.log.1", "line\n"), 20);
      try {
        await scene.intake.until(() => scene.intake.texts.some((text) => text.startsWith("#header\nline\n")), "it");
      } finally {
        clearInterval(writing);
      }
    },

    "two logs with equal content are both read, and each goes on in its own copy": async (scene) => {
      for (const name of ["a", "b"]) scene.write(`${name}.log`, ONE);
      await scene.start("*.log*");
      await scene.has(ONE, ONE);
      for (const name of ["a", "b"]) {
        scene.move(`${name}.log`, `${name}.log.1`);
        compress(scene, `${name}.log.1`);
        scene.write(`${name}.log`, ONE);
      }
      await scene.has(ONE, ONE, ONE, ONE);
      await scene.quiet(15);
      assert.equal(sources(scene), 4);
    },

    "moved to another directory by copying and removing": async (scene) => {
      scene.write("a.log", ONE);
      await scene.start("a.log");
      await scene.has(ONE);
      await scene.stop();
      scene.append("a.log", "two\n");
      scene.write("old/a.log.1", readFileSync(scene.path("a.log"), "utf8"));
      scene.remove("a.log");
      await scene.start("a.log");
      await scene.has(`${ONE}two\n`);
    },
  }),
);
