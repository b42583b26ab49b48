// Random histories with more busy files than may be open. Files are rotated, compressed and removed while reading is blocked and
// while the system grants no descriptor at all. Each line is handed over exactly once, with two exceptions: its file was removed
// before it was read, or it is in a copy of a file of which less than a fingerprint was read (docs/files.md).
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
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "../../helpers/fc.ts";
import type { FileInput } from "../../../src/inputs/file/file-input.ts";
import { MOST_OPEN, takeAllDescriptors } from "../../helpers/few-descriptors.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { FINGERPRINT_LENGTH } from "../../../src/inputs/file/identity/fingerprint.ts";
import { type Bench, bench } from "./setup.ts";

const FILES = 40;
/** Longer than a fingerprint. */
const LONG_LINE = 1100;
/** At most so many bytes has one write, of at most five lines. */
const MOST_WRITTEN = LONG_LINE + 5 * 220;
const clock = fastClock(20);

const WEIGHTS = {
  write: 30,
  rename: 8,
  copytruncate: 4,
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

/**
 * `one way each`: a log is either renamed or copied and truncated, never both, and its first line is longer than a fingerprint.
 * `both ways`: each log is renamed and copied by turns, and most are short.
 */
export type Rotations = "one way each" | "both ways";

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
  private readonly rotations: Rotations;
  /** The files that are written to, by number. */
  private readonly live: (Content | undefined)[] = [];
  private readonly rotated: Content[] = [];
  private readonly needless = new Set<number>();
  /** By line: how often it may be handed over, if that is more than once. */
  private readonly allowed = new Map<number, number>();
  private readonly lengths: number[] = [];
  private renamed = 0;
  mostOpen = 0;
  private input: FileInput | undefined;

  constructor(bench: Bench, rotations: Rotations) {
    this.bench = bench;
    this.rotations = rotations;
  }

  async start(): Promise<void> {
    for (let file = 0; file < FILES; file++) this.write(file);
    this.input = await this.run();
  }

  async step({ do: what, file }: Step): Promise<void> {
    const { intake } = this.bench;
    if (what === "write") this.write(file);
    else if (what === "rename" || what === "copytruncate") this.rotate(file, what);
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
    for (let i = 0; i <= this.lengths.length % 5; i++) {
      const number = this.lengths.length;
      const isLong = this.rotations === "one way each" && content.size + i === 0;
      // Which number fills a line is part of the seeds' histories.
      const filler = this.rotations === "one way each" ? number : number + 1;
      const line = `line ${number} ${"x".repeat(isLong ? LONG_LINE : (filler * 7919) % 200)}\n`;
      content.lines.push(number);
      this.lengths.push(line.length);
      text += line;
    }
    appendFileSync(content.path, text);
    content.size += text.length;
  }

  private rotate(file: number, how: "rename" | "copytruncate"): void {
    const copies = this.rotations === "both ways" ? how === "copytruncate" : isCopied(file);
    if (copies) this.copyTruncate(file);
    else this.rename(file);
  }

  private rename(file: number): void {
    const content = this.live[file];
    if (content === undefined) return;
    const to = `${content.path}.${++this.renamed}`;
    renameSync(content.path, to);
    content.path = to;
    this.rotated.push(content);
    this.live[file] = undefined;
  }

  private copyTruncate(file: number): void {
    const content = this.live[file];
    if (content === undefined) return;
    this.beforeCopying(content);
    const { path, size } = content;
    content.path = `${path}.${++this.renamed}`;
    copyFileSync(path, content.path);
    truncateSync(path);
    this.rotated.push(content);
    this.live[file] = { path, size: 0, lines: [], limit: size };
  }

  /** Too little of the file is known to recognise its copy, which is read as a new file: better twice than never. */
  private beforeCopying({ lines }: Content): void {
    const read = this.read();
    const known = lines.reduce((sum, line) => sum + (read.has(line) ? (this.lengths[line] ?? 0) : 0), 0);
    if (known === 0 || known >= FINGERPRINT_LENGTH) return;
    for (const line of lines) this.allowed.set(line, (this.allowed.get(line) ?? 1) + 1);
  }

  private compress(n: number): void {
    const content = this.rotated[n % this.rotated.length];
    if (content === undefined || content.path.endsWith(".gz")) return;
    this.beforeCopying(content);
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
    const some = Array.from({ length: 5 }, (_, i) => (file + i) % FILES);
    for (const one of some) if (this.rotations === "both ways" || !isCopied(one)) this.rename(one);
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
    const all = [...this.lengths.keys()];
    const missing = (): number[] => {
      const read = this.read();
      return all.filter((line) => !read.has(line) && !this.needless.has(line));
    };
    await intake.until(() => missing().length === 0, "all lines").catch(() => undefined);
    const doubled = [...this.read()]
      .filter(([line, count]) => count > (this.allowed.get(line) ?? 1))
      .map(([line]) => line);
    assert.deepEqual({ missing: missing(), doubled }, { missing: [], doubled: [] }, log.events.slice(-20).join(" "));
    assert.ok(this.mostOpen <= 2 * MOST_OPEN, `${this.mostOpen} files open`);
  }
}

/** Plays the history of one seed. */
export async function play(t: TestContext, rotations: Rotations, seed: number): Promise<void> {
  const world = new World(bench(t), rotations);
  await world.start();
  for (const step of fc.sample(steps, { seed, numRuns: 1 })[0] as Step[]) await world.step(step);
  await world.end();
}
