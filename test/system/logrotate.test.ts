// The real logrotate in each of its common configurations, on files that are written to, read, left unread, and rotated while no
// agent runs. Every line must arrive once, even if copies of it exist. Lines that copytruncate loses between copying and
// truncating are not counted.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { FINGERPRINT_LENGTH } from "../../src/inputs/file/identity/fingerprint.ts";
import { Scene } from "../inputs/file/peers/scene.ts";

const missing = spawnSync("logrotate", ["--version"]).error !== undefined;
const skip = missing ? "no logrotate here: apt-get install logrotate" : false;

/** Copies shorter than a fingerprint are read again (docs/guarantees.md), so every line is padded to that length. */
const line = (text: string): string => `${text} ${"-".repeat(FINGERPRINT_LENGTH)}`;

/** Runs logrotate for all logs of a directory. */
class Logrotate {
  private readonly config: string;
  private readonly state: string;

  constructor(root: string, logs: string, directives: readonly string[]) {
    this.config = join(root, "logrotate.conf");
    this.state = join(root, "logrotate.state");
    const lines = ["rotate 20", "missingok", ...directives];
    writeFileSync(this.config, `${logs}/*.log {\n  ${lines.join("\n  ")}\n}\n`, { mode: 0o644 });
  }

  rotate(...options: string[]): void {
    const { status, stderr } = spawnSync("logrotate", ["-s", this.state, ...options, this.config], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }
}

/** Name, logrotate's directives, and the input's pattern. */
const WAYS: readonly (readonly [string, readonly string[], string])[] = [
  ["create", ["create"], "*.log"],
  ["create, and the pattern matches rotated files", ["create"], "*.log*"],
  ["nocreate", ["nocreate"], "*.log"],
  ["copytruncate", ["copytruncate"], "*.log"],
  ["copytruncate, and the pattern matches copies", ["copytruncate"], "*.log*"],
  ["copytruncate and compress", ["copytruncate", "compress"], "*.log*"],
  ["compress", ["create", "compress"], "*.log"],
  ["compress, and the pattern matches compressed files", ["create", "compress"], "*.log*"],
  ["delaycompress", ["create", "compress", "delaycompress"], "*.log*"],
  ["dateext", ["create", "dateext", "dateformat -%Y%m%d-%s"], "*.log*"],
  ["dateext with extension", ["create", "dateext", "dateformat -%Y%m%d-%s", "extension .log"], "*.log"],
  ["dateext and compress", ["create", "compress", "dateext", "dateformat -%Y%m%d-%s"], "*.log*"],
  ["olddir", ["create", "olddir old", "createolddir 755"], "*.log"],
  ["olddir and compress", ["create", "compress", "olddir old", "createolddir 755"], "**/*.log*"],
];

const ROUNDS = 3;

describe("logrotate", { skip, concurrency: 6 }, () => {
  for (const [name, directives, pattern] of WAYS)
    test(`${name}: written, read and rotated`, async (t) => {
      const scene = new Scene(t);
      const rotation = new Logrotate(scene.dir, scene.dir, directives);
      const written: string[] = [];
      await scene.start(pattern);
      for (let round = 0; round < ROUNDS; round++) {
        if (name.startsWith("dateext")) await nextSecond();
        for (const log of ["a", "b"]) {
          written.push(`${log} ${round}`);
          scene.append(`${log}.log`, `${line(`${log} ${round}`)}\n`);
        }
        await arrived(scene, written);
        rotation.rotate("--force");
      }
      scene.append("a.log", `${line("last")}\n`);
      written.push("last");
      await arrived(scene, written);
      await scene.quiet(15);
      await scene.stop();
      await scene.start(pattern);
      await scene.quiet(15);
      await arrived(scene, written);
    });

  for (const [name, directives, pattern] of WAYS.filter(([way]) => !way.includes("copytruncate")))
    test(`${name}: a writer that goes on in the old file, and lines that nobody takes over for two rotations`, async (t) => {
      const scene = new Scene(t);
      const delayed = directives.includes("compress") ? ["delaycompress"] : [];
      const rotation = new Logrotate(scene.dir, scene.dir, [...directives, ...delayed]);
      const input = await scene.start(pattern);
      scene.append("a.log", `${line("one")}\n`);
      await arrived(scene, ["one"]);
      const bytes = (...texts: readonly string[]): number =>
        texts.reduce((sum, text) => sum + line(text).length + 1, 0);
      await scene.blocked(() => scene.append("a.log", `${line("two")}\n`), bytes("two"));
      const writer = openSync(scene.path("a.log"), "a");
      rotation.rotate("--force");
      writeSync(writer, `${line("three")}\n`);
      closeSync(writer);
      scene.append("a.log", `${line("four")}\n`);
      await scene.intake.until(
        () => input.status().lagBytes === bytes("two", "three", "four"),
        "both files to be noticed",
      );
      if (name.startsWith("dateext")) await nextSecond();
      rotation.rotate("--force");
      scene.append("a.log", `${line("five")}\n`);
      await scene.intake.until(
        () => input.status().lagBytes === bytes("two", "three", "four", "five"),
        "all three files to be noticed",
      );
      scene.intake.reopen();
      await arrived(scene, ["one", "two", "three", "four", "five"]);
    });

  // Without copytruncate: of several copies that no pattern matches, only the first is recognised, by the content already read.
  for (const [name, directives, pattern] of WAYS.filter(([way]) => way !== "copytruncate"))
    test(`${name}: rotated twice while stopped`, async (t) => {
      const scene = new Scene(t);
      const rotation = new Logrotate(scene.dir, scene.dir, directives);
      await scene.start(pattern);
      scene.append("a.log", `${line("one")}\n`);
      await arrived(scene, ["one"]);
      await scene.stop();
      scene.append("a.log", `${line("two")}\n`);
      rotation.rotate("--force");
      scene.append("a.log", `${line("three")}\n`);
      if (name.startsWith("dateext")) await nextSecond();
      rotation.rotate("--force");
      scene.append("a.log", `${line("four")}\n`);
      await scene.start(pattern);
      await arrived(scene, ["one", "two", "three", "four"]);
    });

  test("maxsize: only files that are large are rotated, here faster than anybody looks", async (t) => {
    const scene = new Scene(t);
    const rotation = new Logrotate(scene.dir, scene.dir, ["create", "yearly", "maxsize 1k"]);
    await scene.start();
    const written: string[] = [];
    for (let i = 0; i < 8; i++) {
      const [long, short] = [`${i} ${"x".repeat(600)}`, `${i}`];
      scene.append("a.log", `${long}\n`);
      scene.append("b.log", `${short}\n`);
      written.push(long, short);
      // Afterwards, the chain of rotation names leads to files that were never seen under the name that the pattern matches.
      if (i === 0) await arrived(scene, written);
      rotation.rotate();
    }
    await arrived(scene, written);
    assert.deepEqual(
      readdirSync(scene.dir).filter((file) => file.startsWith("b")),
      ["b.log"],
    );
    assert.ok(readdirSync(scene.dir).includes("a.log.3"), "it has rotated");
  });

  test("the real agent, with rotations under load and while it is stopped", async (t) => {
    const place = new Workplace();
    const server = await startSandbox({ keep: "documents" }, systemClock);
    t.after(async () => {
      await server.stop();
      place.remove();
    });
    place.configure(server.url);
    const rotation = new Logrotate(place.root, place.logs, ["create", "compress", "delaycompress"]);
    const lines = new Numbered();
    const write = (): void => {
      for (const log of ["a", "b", "c"]) lines.append(join(place.logs, `${log}.log`), 2000);
    };
    mkdirSync(place.logs, { recursive: true });
    const first = place.run();
    await first.url();
    write();
    rotation.rotate("--force");
    write();
    await first.until("all so far", (status) => status.ledger.read.records === lines.written);
    rotation.rotate("--force");
    write();
    assert.deepEqual(await first.stop(), { code: 0, signal: null });
    rotation.rotate("--force");
    write();
    const second = place.run();
    await second.until("all delivered", ({ ledger }) => {
      return ledger.read.records === lines.written && ledger.buffered.records === 0;
    });
    assert.deepEqual(await second.stop(), { code: 0, signal: null });
    lines.assertStored(server);
  });
});

/** Waits until the input has handed over exactly these lines, each once. */
async function arrived(scene: Scene, lines: readonly string[]): Promise<void> {
  const wanted = [...lines].sort().join("\n");
  const short = (): string => scene.intake.texts.join("").replaceAll(/ -+$/gm, "");
  const found = (): string => short().split("\n").filter(Boolean).sort().join("\n");
  await scene.intake.until(() => found() === wanted, `exactly ${wanted}`);
}

/** Waits for the next second. Otherwise, rotated names with a time in whole seconds would collide. */
async function nextSecond(): Promise<void> {
  await systemClock.sleep(1010 - (systemClock.wall() % 1000));
}
