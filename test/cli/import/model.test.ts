// Random histories: logs are written and rotated while another agent reads them and records offsets in one of several ways. The
// other agent stops, perhaps in the middle of a line. The logs go on, its entries are imported, and the real tailer reads the
// rest. Invariant: every line was shipped exactly once by one of the two.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "../../helpers/fc.ts";
import { Crc64 } from "../../../src/cli/import/crc64.ts";
import type { Entry, Recognised } from "../../../src/cli/import/entry.ts";
import { Finder } from "../../../src/cli/import/find.ts";
import { Heads } from "../../../src/cli/import/heads.ts";
import { plan } from "../../../src/cli/import/plan.ts";
import { Scope } from "../../../src/cli/import/scope.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { FileInput } from "../../../src/inputs/file/file-input.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { FakeIntake, FakeSource } from "../../helpers/fake-intake.ts";
import { RecordingLog, options } from "../../inputs/file/setup.ts";

/**
 * Kernels stamp files with the time of their last tick. Within one tick, age cannot tell an inode's old file from its new one.
 */
const TICK_MS = 11;
const LOGS = ["a.log", "b.log"] as const;
type Way = "inode and device" | "inode" | "inode, renames noted" | "sha256" | "hexadecimal" | "head" | "lines";

interface Action {
  readonly kind: "append" | "rotate" | "ship" | "prune" | "compress";
  readonly log: (typeof LOGS)[number];
  readonly lines: number;
  /** Only half of the last line is written yet. */
  readonly half: boolean;
}

class World {
  readonly dir = mkdtempSync(join(tmpdir(), "spillway-import-model-"));
  readonly shipped: string[] = [];
  /** By inode number. */
  readonly entries = new Map<number, Entry>();
  /** Names of entries whose files were removed. */
  readonly pruned = new Set<string>();
  written = 0;
  private readonly rests = new Map<string, string>();
  private readonly way: Way;

  constructor(way: Way) {
    this.way = way;
  }

  path(log: string): string {
    return join(this.dir, log);
  }

  append(log: string, lines: number, half: boolean): void {
    let text = this.rests.get(log) ?? "";
    for (let i = 0; i < lines; i++)
      text += `line ${this.written++} of ${log} ${"x".repeat(20 + (this.written % 40))}\n`;
    const cut = half ? text.length - 5 : text.length;
    appendFileSync(this.path(log), text.slice(0, cut));
    this.rests.set(log, text.slice(cut));
  }

  /** Completes the last line first, as a writer does before it reopens its log. */
  async rotate(log: string): Promise<void> {
    this.append(log, 0, false);
    const name = (n: number): string => (n === 0 ? this.path(log) : `${this.path(log)}.${n}`);
    let last = 0;
    while (existsSync(name(last + 1)) || existsSync(`${name(last + 1)}.gz`)) last++;
    for (let n = last; n >= 0; n--)
      for (const end of ["", ".gz"]) if (existsSync(name(n) + end)) renameSync(name(n) + end, name(n + 1) + end);
    await systemClock.sleep(TICK_MS);
    this.append(log, 3, false);
    if (this.way === "inode, renames noted") this.noteNames();
  }

  /** Removes the last rotated file if all of it was shipped. The next new file gets its inode. */
  prune(log: string, agent: "sees it" | "is stopped"): void {
    const last = this.files().findLast(({ path }) => path.startsWith(`${this.path(log)}.`));
    const entry = last && this.entries.get(last.ino);
    if (last === undefined || entry?.offset !== statSync(last.path).size) return;
    rmSync(last.path);
    if (agent === "sees it") this.entries.delete(last.ino);
    else this.pruned.add(entry.name);
  }

  /**
   * Compresses the last plain rotated file, as logrotate does. Skipped for agents that use inodes, which could not recognise it.
   */
  compress(log: string): void {
    const last = this.files().findLast(({ path }) => path.startsWith(`${this.path(log)}.`));
    if (this.way.startsWith("inode") || last === undefined || !this.entries.has(last.ino)) return;
    writeFileSync(`${last.path}.gz`, gzipSync(readFileSync(last.path)));
    rmSync(last.path);
  }

  private noteNames(): void {
    for (const { path, ino } of this.files()) {
      const entry = this.entries.get(ino);
      if (entry !== undefined) this.entries.set(ino, { ...entry, path });
    }
  }

  files(): readonly { readonly path: string; readonly ino: number }[] {
    const names = LOGS.flatMap((log) => [log, ...Array.from({ length: 30 }, (_, n) => `${log}.${n + 1}`)]);
    const there = names.map((name) => this.path(name)).filter((path) => existsSync(path));
    return there.map((path) => ({ path, ino: statSync(path).ino }));
  }

  /**
   * The other agent ships whole lines. When it is killed and identifies files by inode, its offset includes the half line too.
   */
  ship(log: string, killed: boolean): void {
    const path = this.path(log);
    const bytes = readFileSync(path, "latin1");
    const { ino } = statSync(path);
    const before = Math.min(this.entries.get(ino)?.offset ?? 0, bytes.length);
    const whole = bytes.lastIndexOf("\n") + 1;
    const from = bytes.lastIndexOf("\n", before - 1) + 1;
    this.shipped.push(
      ...bytes
        .slice(before === 0 ? 0 : from, whole)
        .split("\n")
        .filter((line) => line !== ""),
    );
    const recognised = recognise(this.way, path, bytes);
    const known = this.way === "lines" ? undefined : path;
    const offset = killed && this.way.startsWith("inode") ? bytes.length : whole;
    this.entries.set(ino, { name: `entry ${ino}`, input: undefined, path: known, recognised, offset });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}

function recognise(way: Way, path: string, bytes: string): Recognised {
  const { ino, dev } = statSync(path, { bigint: true });
  const seenMs = systemClock.wall() + 1;
  switch (way) {
    case "sha256":
      return { by: "sha256", hash: createHash("sha256").update(bytes.slice(0, 66), "latin1").digest("hex") };
    case "hexadecimal": {
      const text = Buffer.from(bytes.slice(0, 1000), "latin1").toString("hex");
      return { by: "sha256", hash: createHash("sha256").update(text).digest("hex") };
    }
    case "head":
      return { by: "head", head: Buffer.from(bytes.slice(0, 40), "latin1") };
    case "lines": {
      const second = bytes.indexOf("\n", bytes.indexOf("\n") + 1) + 1;
      return { by: "lines", crc: new Crc64().add(Buffer.from(bytes.slice(0, second), "latin1")).value };
    }
    default:
      return { by: "inode", inode: String(ino), device: way === "inode" ? undefined : String(dev), seenMs };
  }
}

interface History {
  readonly way: Way;
  readonly pattern: "*.log" | "*.log*";
  readonly before: readonly Action[];
  readonly killed: boolean;
  readonly after: readonly Action[];
}

async function live(world: World, { pattern, before, killed, after }: History): Promise<void> {
  for (const log of LOGS) {
    world.append(log, 3, false);
    world.ship(log, false);
  }
  for (const { kind, log, lines, half } of before) {
    if (kind === "append") world.append(log, lines, half);
    else if (kind !== "compress") world.ship(log, false);
    if (kind === "prune") world.prune(log, "sees it");
    if (kind === "rotate") await world.rotate(log);
  }
  if (killed) for (const log of LOGS) world.ship(log, true);
  await systemClock.sleep(TICK_MS);
  for (const { kind, log, lines, half } of after) {
    if (kind === "append") world.append(log, lines, half);
    else if (kind === "rotate") await world.rotate(log);
    // If the oldest known file was removed, or a copy was made later, only a pattern that matches rotated names finds newer
    // files.
    else if (pattern === "*.log*") {
      if (kind === "compress") world.compress(log);
      else world.prune(log, "is stopped");
    }
  }
}

async function importAndRead(world: World, pattern: string): Promise<readonly string[]> {
  const input = options(world.dir, { paths: [join(world.dir, pattern)] });
  const entries = [...world.entries.values()];
  const paths = entries.map(({ path }) => path).filter((path) => path !== undefined);
  const scope = await Scope.look([input], paths, systemClock);
  const finder = new Finder(scope, new Heads(scope.files, 0));
  const reading = { files: [], locks: [], entries, left: [], faults: [] };
  const made = plan({ reading, inputs: [input], scope, finder, known: [], starts: [], nowMs: systemClock.wall() });
  for (const { name, reason } of made.left)
    assert.ok(world.pruned.has(name) && (reason === "gone" || reason === "other-file"), `${name}: ${reason}`);
  const intake = new FakeIntake();
  for (const { source } of made.taken) intake.sources.set(source.id, new FakeSource(source));
  for (const log of LOGS) world.append(log, 1, false);
  const parts = { intake, arena: intake.arena, kernel: new Kernel(intake.arena), clock: systemClock };
  const tailer = new FileInput(input, { ...parts, log: new RecordingLog(), host: "h", index: "i", mode: "once" });
  await tailer.start();
  await tailer.done();
  await tailer.stop();
  return [...intake.sources.values()].flatMap(({ text }) => text.split("\n")).filter((line) => line !== "");
}

const act = (kind: Action["kind"]): Action => ({ kind, log: "b.log", lines: 1, half: false });
/** A new file gets the inode of a shipped one and grows beyond the recorded offset. */
const REUSED: History = {
  way: "inode and device",
  pattern: "*.log*",
  before: [act("rotate")],
  killed: false,
  after: [act("prune"), act("rotate"), act("append")],
};

test("every line is shipped once, by the other agent or by this one", async () => {
  const action: fc.Arbitrary<Action> = fc.record({
    kind: fc.constantFrom("append", "append", "rotate", "ship", "prune", "compress"),
    log: fc.constantFrom(...LOGS),
    lines: fc.integer({ min: 1, max: 4 }),
    half: fc.boolean(),
  });
  const history: fc.Arbitrary<History> = fc.record({
    way: fc.constantFrom("inode and device", "inode", "inode, renames noted", "sha256", "hexadecimal", "head", "lines"),
    pattern: fc.constantFrom("*.log", "*.log*"),
    before: fc.array(action, { maxLength: 8 }),
    killed: fc.boolean(),
    after: fc.array(action, { maxLength: 6 }),
  });
  const property = fc.asyncProperty(history, async (one) => {
    const world = new World(one.way);
    try {
      await live(world, one);
      const read = await importAndRead(world, one.pattern);
      const all = [...world.shipped, ...read].map((line) => Number(/^line (\d+) of [ab]\.log x*$/.exec(line)?.[1]));
      assert.deepEqual(
        all.toSorted((a, b) => a - b),
        Array.from({ length: world.written }, (_, n) => n),
      );
    } finally {
      world.remove();
    }
  });
  const runs = Number(process.env["SPILLWAY_IMPORT_RUNS"] ?? 60);
  await fc.assert(property, { numRuns: runs, examples: [[REUSED]] });
});
