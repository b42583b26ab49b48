// Random histories with more busy files than may be open. Files are rotated, compressed and removed while reading is blocked and
// while the system grants no descriptor at all. Each line is handed over exactly once, unless its file was removed before it was
// read. SPILLWAY_RUNS=1000 plays more histories, SEED=... repeats one.
import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  truncateSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import fc from "../../helpers/fc.ts";
import type { FileInput } from "../../../src/inputs/file/file-input.ts";
import { MOST_OPEN, takeAllDescriptors } from "../../helpers/few-descriptors.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { type Bench, bench } from "./setup.ts";
import { SEED } from "../../helpers/seed.ts";

const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 3);
const FILES = 40;
/** Length of each file's first line. Copies of files shorter than a fingerprint are read again. */
const FIRST_LINE = 1100;
/** Upper limit of the bytes of one write, which has at most five lines. */
const MOST_WRITTEN = FIRST_LINE + 5 * 220;
const clock = fastClock(20);

const WEIGHTS = {
  write: 30,
  rotate: 12,
  compress: 3,
  "delete what was read": 3,
  delete: 1,
  block: 1,
  unblock: 1,
  starve: 1,
  restart: 1,
  pause: 2,
} as const;
type What = keyof typeof WEIGHTS;
interface Step {
  readonly do: What;
  readonly file: number;
}

const kinds = Object.entries(WEIGHTS).map(([what, weight]) => ({ weight, arbitrary: fc.constant(what as What) }));
const steps = fc.array(fc.record({ do: fc.oneof(...kinds), file: fc.nat(FILES - 1) }), {
  minLength: 150,
  maxLength: 400,
  size: "max",
});

/** One log is either renamed or copied and truncated, never both. */
const isCopied = (file: number): boolean => file % 3 === 0;

/** The lines of one file. */
interface Content {
  path: string;
  size: number;
  readonly lines: number[];
  /**
   * Size of the file before it was truncated. The file must stay smaller: if it outgrows the limit between two polls, only
   * reading it tells that it was truncated.
   */
  readonly limit: number;
}

class World {
  private readonly bench: Bench;
  /** The files that are written to, by number. */
  private readonly live: (Content | undefined)[] = [];
  private readonly rotated: Content[] = [];
  private readonly needless = new Set<number>();
  private lines = 0;
  private rotations = 0;
  mostOpen = 0;
  private input: FileInput | undefined;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  async start(): Promise<void> {
    for (let file = 0; file < FILES; file++) this.write(file);
    this.input = await this.run();
  }

  async step({ do: what, file }: Step): Promise<void> {
    const { intake } = this.bench;
    if (what === "write") this.write(file);
    else if (what === "rotate") this.rotate(file);
    else if (what === "compress") this.compress(file);
    else if (what === "block") intake.shut();
    else if (what === "unblock") intake.reopen();
    else if (what === "starve") await this.starve(file);
    else if (what === "restart") await this.restart();
    else if (what === "pause") await clock.sleep(500 * (1 + (file % 4)));
    else this.remove(file, what);
    this.mostOpen = Math.max(this.mostOpen, this.input?.status().open ?? 0);
  }

  private write(file: number): void {
    const path = join(this.bench.dir, `${file}.log`);
    const content = (this.live[file] ??= { path, size: 0, lines: [], limit: Infinity });
    if (content.size + MOST_WRITTEN > content.limit) return;
    let text = "";
    for (let i = 0; i <= this.lines % 5; i++) {
      content.lines.push(this.lines);
      const length = content.size + i === 0 ? FIRST_LINE : (this.lines * 7919) % 200;
      text += `line ${this.lines++} ${"x".repeat(length)}\n`;
    }
    appendFileSync(content.path, text);
    content.size += text.length;
  }

  private rotate(file: number): void {
    if (isCopied(file)) this.copyTruncate(file);
    else this.rename(file);
  }

  private rename(file: number): void {
    const content = this.live[file];
    if (content === undefined) return;
    const to = `${content.path}.${++this.rotations}`;
    renameSync(content.path, to);
    content.path = to;
    this.rotated.push(content);
    this.live[file] = undefined;
  }

  private copyTruncate(file: number): void {
    const content = this.live[file];
    if (content === undefined) return;
    const { path, size } = content;
    content.path = `${path}.${++this.rotations}`;
    copyFileSync(path, content.path);
    truncateSync(path);
    this.rotated.push(content);
    this.live[file] = { path, size: 0, lines: [], limit: size };
  }

  private compress(n: number): void {
    const content = this.rotated[n % this.rotated.length];
    if (content === undefined || content.path.endsWith(".gz")) return;
    writeFileSync(`${content.path}.gz`, gzipSync(readFileSync(content.path)));
    unlinkSync(content.path);
    content.path += ".gz";
  }

  private remove(n: number, what: What): void {
    const at = n % this.rotated.length;
    const content = this.rotated[at];
    if (content === undefined) return;
    const read = this.read();
    const unread = content.lines.filter((line) => !read.has(line));
    if (unread.length > 0 && what === "delete what was read") return;
    for (const line of unread) this.needless.add(line);
    unlinkSync(content.path);
    this.rotated.splice(at, 1);
  }

  /** Renames files while no descriptor is to be had. */
  private async starve(file: number): Promise<void> {
    const giveBack = takeAllDescriptors();
    // Copying a file takes descriptors, so copied logs are left out.
    for (let i = 0; i < 5; i++) if (!isCopied((file + i) % FILES)) this.rename((file + i) % FILES);
    await clock.sleep(200 * (1 + (file % 20)));
    giveBack();
  }

  private async restart(): Promise<void> {
    await this.input?.stop();
    this.bench.intake.restart();
    this.input = await this.run();
  }

  private run(): Promise<FileInput> {
    return this.bench.run({ paths: [join(this.bench.dir, "*.log*")] }, { clock });
  }

  /** How often each line was handed over so far. */
  private read(): Map<number, number> {
    const counts = new Map<number, number>();
    for (const [, line] of this.bench.intake.text.matchAll(/^line (\d+) /gm))
      counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
    return counts;
  }

  async end(): Promise<void> {
    const { intake, log } = this.bench;
    intake.reopen();
    const all = Array.from({ length: this.lines }, (_, line) => line);
    const missing = (): number[] => {
      const read = this.read();
      return all.filter((line) => !read.has(line) && !this.needless.has(line));
    };
    await intake.until(() => missing().length === 0, "all lines").catch(() => undefined);
    const doubled = [...this.read()].filter(([, count]) => count > 1).map(([line]) => line);
    assert.deepEqual({ missing: missing(), doubled }, { missing: [], doubled: [] }, log.events.slice(-20).join(" "));
    assert.ok(this.mostOpen <= 2 * MOST_OPEN, `${this.mostOpen} files open`);
  }
}

for (let run = 0; run < RUNS; run++)
  test(`more busy files than descriptors, seed ${SEED + run}`, async (t) => {
    const world = new World(bench(t));
    await world.start();
    for (const step of fc.sample(steps, { seed: SEED + run, numRuns: 1 })[0] as Step[]) await world.step(step);
    await world.end();
  });
