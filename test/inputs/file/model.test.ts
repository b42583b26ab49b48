// Random histories of a directory against a model: each generation's bytes are handed over exactly once and in order.
// SPILLWAY_RUNS=5000 runs more histories, SPILLWAY_SEED=... repeats one.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { silentLog } from "../../../src/core/log.ts";
import { FileInput } from "../../../src/inputs/file/file-input.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { FakeIntake } from "../../helpers/fake-intake.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { options } from "./setup.ts";

const RUNS = Number(process.env.SPILLWAY_RUNS ?? 25);
const SEED = process.env.SPILLWAY_SEED;
const clock = fastClock(20);
const NAMES = ["a.log", "b.log"];
const KEPT = 3;

type Step =
  | {
      readonly do: "write" | "begin line" | "end line" | "rotate" | "delete" | "truncate" | "regrow";
      readonly file: number;
    }
  | { readonly do: "settle" | "notice" | "restart" | "crash" | "block" | "unblock" };

/** What is in one file, and what must have been handed over of it at the end. */
interface Generation {
  text: string;
  /** The tailer has seen it under a name that the pattern matches. */
  seen: "yes" | "no";
  /** Bytes that the tailer has seen, with a descriptor open if they were unread. */
  noticed: number;
  /**
   * kept: all whole lines. nameless: all, a last line without end included; lost when the tailer stops. destroyed: what
   * was handed over is a prefix, and at least what was handed over when it happened.
   */
  fate: "kept" | "nameless" | "destroyed";
  /** Whole lines that were surely handed over before it was destroyed. */
  sure: number;
}

class World {
  readonly dir = mkdtempSync(join(tmpdir(), "spillway-model-"));
  readonly intake = new FakeIntake();
  readonly kernel = new Kernel(this.intake.arena);
  readonly generations: Generation[] = [];
  private readonly files: (Generation | undefined)[] = NAMES.map(() => undefined);
  private readonly rotated = new Map<string, Generation>();
  private input: FileInput | undefined;
  private readonly pattern: string;
  private serial = 0;
  private gate: "open" | "shut" = "open";

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  async start(): Promise<void> {
    this.input = new FileInput(options(this.dir, { paths: [join(this.dir, this.pattern)] }), {
      intake: this.intake,
      arena: this.intake.arena,
      kernel: this.kernel,
      clock,
      log: silentLog,
      host: "h",
      index: "logs",
      mode: "follow",
    });
    await this.input.start();
  }

  async stop(): Promise<void> {
    await this.input?.stop();
    this.input = undefined;
  }

  async run(step: Step): Promise<void> {
    if (step.do === "settle") return this.settle();
    if (step.do === "notice") return this.notice();
    if (step.do === "block") return this.block();
    if (step.do === "unblock") return this.unblock();
    if (step.do === "restart" || step.do === "crash") return this.again(step.do);
    if ("file" in step) this.change(step.do, step.file);
  }

  private change(what: string, file: number): void {
    const path = join(this.dir, NAMES[file] ?? "");
    const generation = this.files[file];
    if (what === "write") return this.append(file, `${this.line()}\n`);
    if (what === "begin line") return this.append(file, this.line());
    if (generation === undefined) return;
    if (what === "end line") return this.append(file, ".\n");
    if (what === "rotate") {
      for (let n = KEPT; n > 0; n--)
        this.rename(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`, n === 1 ? file : -1);
    } else if (what === "delete") {
      unlinkSync(path);
      this.unlink(generation);
      this.files[file] = undefined;
    } else {
      truncateSync(path, 0);
      this.destroy(generation);
      this.files[file] = undefined;
      // Of a new generation that lives in the old inode, and of which nothing may be read before the old one was seen.
      this.append(
        file,
        what === "regrow" ? `${"x".repeat(generation.text.length)}${this.line()}\n` : `${this.line()}\n`,
      );
    }
  }

  private append(file: number, text: string): void {
    let generation = this.files[file];
    const path = join(this.dir, NAMES[file] ?? "");
    if (generation === undefined) {
      generation = { text: "", seen: "no", noticed: 0, fate: "kept", sure: 0 };
      this.files[file] = generation;
      this.generations.push(generation);
    }
    appendFileSync(path, text);
    generation.text += text;
  }

  private rename(from: string, to: string, file: number): void {
    const generation = file >= 0 ? this.files[file] : this.rotated.get(from);
    if (generation === undefined) return;
    const overwritten = this.rotated.get(to);
    if (overwritten !== undefined) this.unlink(overwritten);
    renameSync(from, to);
    this.rotated.delete(from);
    this.rotated.set(to, generation);
    if (file >= 0) this.files[file] = undefined;
    // It had its name for a moment only: it may never have been seen.
    if (generation.seen === "no" && this.pattern === "*.log") this.destroy(generation);
  }

  private unlink(generation: Generation): void {
    if (generation.fate !== "kept") return;
    if (generation.noticed < generation.text.length) this.destroy(generation);
    else generation.fate = "nameless";
  }

  private destroy(generation: Generation): void {
    if (generation.fate === "destroyed") return;
    generation.fate = "destroyed";
    const found = this.textOf(generation);
    generation.sure = found.length;
  }

  /** What was handed over of a generation: the source whose text begins as it does. */
  private textOf(generation: Generation): string {
    const [first = ""] = generation.text.split("\n", 1);
    const texts = this.intake.texts.filter((text) => text.startsWith(first));
    assert.ok(texts.length <= 1, `a generation was read twice: ${JSON.stringify(texts)}`);
    return texts[0] ?? "";
  }

  /** Waits until the tailer has looked at everything. */
  private async notice(): Promise<void> {
    if (this.gate === "open") return;
    const kept = this.generations.filter((generation) => generation.fate === "kept");
    const unread = (): number => {
      let sum = 0;
      for (const generation of this.generations)
        if (generation.fate !== "destroyed") sum += generation.text.length - this.textOf(generation).length;
      return sum;
    };
    const lag = (): number => this.input?.status().lagBytes ?? 0;
    if (this.generations.some((generation) => generation.fate === "destroyed")) return;
    await this.intake.until(() => lag() === unread(), `${unread()} bytes to be noticed, not ${lag()}`, 3000);
    for (const generation of kept) {
      generation.noticed = generation.text.length;
      generation.seen = "yes";
    }
  }

  /** Waits until all that can be read was read. */
  private async settle(): Promise<void> {
    if (this.gate === "shut") return;
    for (const generation of this.generations) {
      if (generation.fate === "destroyed") continue;
      const { text, fate } = generation;
      const whole = fate === "nameless" ? text : text.slice(0, text.lastIndexOf("\n") + 1);
      await this.intake.until(() => this.textOf(generation) === whole, `${JSON.stringify(whole)} of a file`, 3000);
      if (whole !== "") generation.seen = "yes";
    }
  }

  private block(): void {
    this.gate = "shut";
    this.intake.shut();
  }

  private unblock(): void {
    this.gate = "open";
    this.intake.reopen();
  }

  private async again(how: "restart" | "crash"): Promise<void> {
    await this.stop();
    this.intake.restart((source) => (how === "crash" ? Math.ceil(source.taken.length / 2) : source.taken.length));
    for (const generation of this.generations) {
      generation.noticed = 0;
      if (generation.fate === "nameless") generation.fate = "destroyed";
      if (generation.fate === "destroyed") generation.sure = 0;
    }
    await this.start();
  }

  async end(): Promise<void> {
    this.unblock();
    await this.settle();
    for (const generation of this.generations) {
      const text = this.textOf(generation);
      assert.ok(generation.text.startsWith(text), "something that was never in the file");
      assert.ok(text.length >= generation.sure, "less than before");
    }
    const firsts = new Set(this.generations.map((generation) => generation.text.split("\n")[0]));
    for (const text of this.intake.texts)
      if (text !== "") assert.ok(firsts.has(text.split("\n")[0]), `a source that begins in the middle: ${text}`);
  }

  async close(): Promise<void> {
    await this.stop();
    assert.equal(this.intake.arena.count, 0, "regions left behind");
    rmSync(this.dir, { recursive: true });
  }

  private line(): string {
    return `${++this.serial} ${"-".repeat((this.serial * 7919) % 90)}`;
  }
}

const onFile = fc.constantFrom("write", "write", "begin line", "end line", "rotate", "delete", "truncate", "regrow");
const onAll = fc.constantFrom("settle", "settle", "notice", "notice", "restart", "crash", "block", "unblock");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: onFile, file: fc.nat(NAMES.length - 1) }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: fc.record({ do: onAll }) as fc.Arbitrary<Step> },
);

const pattern = fc.constantFrom("*.log", "*");

test("random histories of a directory", async () => {
  await fc.assert(
    fc.asyncProperty(pattern, fc.array(step, { minLength: 5, maxLength: 40, size: "max" }), async (name, steps) => {
      const world = new World(name);
      try {
        await world.start();
        for (const each of steps) await world.run(each);
        await world.end();
      } finally {
        await world.close();
      }
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
