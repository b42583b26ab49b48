// Random histories of a log that is rotated, compressed, copied and truncated while it is read, blocked, stopped and killed:
// each line is handed over exactly once. SPILLWAY_RUNS=5000 runs more histories, SPILLWAY_SEED=... repeats one.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
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
const BANNER = "what the program says when it starts\n".repeat(40);

type Step =
  | "write"
  | "start a file with a banner"
  | "rotate"
  | "rotate and compress"
  | "compress the last but one"
  | "compress it slowly"
  | "copy slowly and truncate"
  | "copytruncate"
  | "copytruncate and compress"
  | "settle"
  | "pause"
  | "restart"
  | "crash"
  | "block"
  | "unblock";

class World {
  readonly dir = mkdtempSync(join(tmpdir(), "spillway-copies-"));
  readonly intake = new FakeIntake();
  private readonly kernel = new Kernel(this.intake.arena);
  private readonly log = join(this.dir, "a.log");
  private readonly lines: string[] = [];
  private input: FileInput | undefined;
  private gate: "open" | "shut" = "open";

  async start(): Promise<void> {
    this.input = new FileInput(options(this.dir, { paths: [join(this.dir, "a.log*")] }), {
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
    if (step === "write") this.write(`line ${this.lines.length}\n`);
    else if (step === "start a file with a banner" && !existsSync(this.log))
      this.write(`${BANNER}${this.lines.length}\n`);
    else if (step === "settle") await this.settle();
    else if (step === "pause") await clock.sleep(1000);
    else if (step === "block") this.block();
    else if (step === "unblock") this.unblock();
    else if (step === "restart" || step === "crash") await this.again(step);
    else if (step === "compress it slowly") await this.compressSlowly();
    else if (step === "copy slowly and truncate") await this.copySlowly();
    else if (existsSync(this.log)) this.rotate(step);
  }

  private write(text: string): void {
    appendFileSync(this.log, text);
    this.lines.push(...text.split("\n").filter(Boolean));
  }

  private rotate(step: Step): void {
    if (step === "compress the last but one") {
      if (existsSync(`${this.log}.2`)) this.compress(2);
      return;
    }
    this.shift();
    if (step.startsWith("copytruncate")) {
      copyFileSync(this.log, `${this.log}.1`);
      truncateSync(this.log, 0);
    } else renameSync(this.log, `${this.log}.1`);
    if (step.endsWith("compress")) this.compress(1);
  }

  private shift(): void {
    let most = 1;
    while (existsSync(this.at(most)) || existsSync(`${this.at(most)}.gz`)) most++;
    for (let n = most; n > 1; n--)
      for (const end of ["", ".gz"]) {
        const from = `${this.at(n - 1)}${end}`;
        if (existsSync(from)) renameSync(from, `${this.at(n)}${end}`);
      }
  }

  private compress(n: number): void {
    writeFileSync(`${this.at(n)}.gz`, gzipSync(readFileSync(this.at(n))));
    unlinkSync(this.at(n));
  }

  private async compressSlowly(): Promise<void> {
    if (!existsSync(this.at(1))) return;
    const path = `${this.at(1)}.gz`;
    await this.inParts(path, gzipSync(readFileSync(this.at(1))));
    unlinkSync(this.at(1));
  }

  private async copySlowly(): Promise<void> {
    if (!existsSync(this.log)) return;
    // The copy of a log that nobody has seen yet is a file of its own.
    await clock.sleep(1000);
    this.shift();
    await this.inParts(this.at(1), readFileSync(this.log));
    truncateSync(this.log, 0);
  }

  private async inParts(path: string, bytes: Buffer): Promise<void> {
    writeFileSync(path, "");
    for (let part = 0; part < 3; part++) {
      await clock.sleep(500);
      appendFileSync(
        path,
        bytes.subarray(Math.ceil((part * bytes.length) / 3), Math.ceil(((part + 1) * bytes.length) / 3)),
      );
    }
    await clock.sleep(200);
  }

  private at(n: number): string {
    return `${this.log}.${n}`;
  }

  async settle(): Promise<void> {
    if (this.gate === "shut") return;
    const wanted = [...this.lines].sort().join("\n");
    const found = (): string => this.intake.text.split("\n").filter(Boolean).sort().join("\n");
    await this.intake.until(() => found() === wanted, "each line once", 5000);
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
    await this.start();
  }

  async end(): Promise<void> {
    this.unblock();
    await this.settle();
    await clock.sleep(10_000);
    await this.settle();
    await this.again("restart");
    await clock.sleep(10_000);
    await this.settle();
  }

  async close(): Promise<void> {
    await this.stop();
    assert.equal(this.intake.arena.count, 0, "regions left behind");
    rmSync(this.dir, { recursive: true });
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Step[]>("write", "start a file with a banner") },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step[]>(
      "rotate",
      "rotate and compress",
      "compress the last but one",
      "compress it slowly",
      "copy slowly and truncate",
      "copytruncate",
      "copytruncate and compress",
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step[]>("settle", "settle", "pause", "restart", "crash", "block", "unblock"),
  },
);

test("random histories of rotation with copies", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: "max" }), async (steps) => {
      const world = new World();
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
