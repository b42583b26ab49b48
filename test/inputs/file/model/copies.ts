// Random histories of one log that is rotated, compressed, copied and truncated while the tailer reads, is blocked, stopped and
// killed. Each line must be handed over exactly once.
import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync } from "node:fs";
import { statSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "../../../helpers/fc.ts";
import { FINGERPRINT_LENGTH } from "../../../../src/inputs/file/identity/fingerprint.ts";
import { clock, type Hints, Tailed, violationIn } from "./tailed.ts";

/** Makes the first line longer than a fingerprint. A copy of a shorter file cannot be recognized and is read again. */
const FILLER = ` ${"-".repeat(FINGERPRINT_LENGTH)}`;
const BANNER = "what the program says when it starts\n".repeat(40);

export type CopyStep =
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

export interface CopyHistory {
  readonly hints: Hints;
  readonly steps: readonly CopyStep[];
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<CopyStep[]>("write", "start a file with a banner") },
  {
    weight: 3,
    arbitrary: fc.constantFrom<CopyStep[]>(
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
    arbitrary: fc.constantFrom<CopyStep[]>("settle", "settle", "pause", "restart", "crash", "block", "unblock"),
  },
);

const anyCopyHistory: fc.Arbitrary<CopyHistory> = fc.record({
  hints: fc.constantFrom("given", "given", "none"),
  steps: fc.oneof(...[6, 25].map((most) => fc.array(step, { minLength: 3, maxLength: most, size: "max" }))),
});

export function copyHistoryOf(seed: number): CopyHistory {
  return fc.sample(anyCopyHistory, { seed, numRuns: 1 })[0] as CopyHistory;
}

/** Undefined: no invariant was violated. @param patienceMs timeout of each wait */
export function playCopies({ hints, steps }: CopyHistory, patienceMs: number): Promise<string | undefined> {
  const world = new Copies("a.log*", hints, patienceMs);
  return violationIn(world, async () => {
    await world.start();
    for (const each of steps) await world.run(each);
    await world.end();
  });
}

class Copies extends Tailed {
  private readonly log = join(this.dir, "a.log");
  private readonly lines: string[] = [];

  async run(step: CopyStep): Promise<void> {
    if (step === "write") this.write(`line ${this.lines.length}${this.isBegun ? "" : FILLER}\n`);
    else if (step === "start a file with a banner" && !existsSync(this.log))
      this.write(`${BANNER}${this.lines.length}\n`);
    else if (step === "settle") await this.settle();
    else if (step === "pause") await clock.sleep(1000);
    else if (step === "block") this.block();
    else if (step === "unblock") this.unblock();
    else if (step === "restart" || step === "crash") await this.again(step);
    else if (step === "compress it slowly") await this.compressSlowly();
    else if (step === "copy slowly and truncate") await this.copySlowly();
    else if (existsSync(this.log) && (!step.startsWith("copytruncate") || this.seen)) this.rotate(step);
  }

  private get isBegun(): boolean {
    return existsSync(this.log) && statSync(this.log).size > 0;
  }

  /** Whether some of the log was handed over. The copy of a log that was never read counts as a file of its own. */
  private get seen(): boolean {
    const [first] = readFileSync(this.log, "latin1").replaceAll(BANNER, "").split("\n", 1);
    return first === "" || this.intake.text.split("\n").includes(first ?? "");
  }

  private write(text: string): void {
    appendFileSync(this.log, text);
    this.lines.push(...text.split("\n").filter(Boolean));
  }

  private rotate(step: CopyStep): void {
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
    if (!existsSync(this.log) || !this.seen) return;
    this.shift();
    await this.inParts(this.at(1), readFileSync(this.log));
    truncateSync(this.log, 0);
  }

  /** Writes a copy slowly. The caller then cuts or removes the original at once: a copy beside it counts as a file of its own. */
  private async inParts(path: string, bytes: Buffer): Promise<void> {
    writeFileSync(path, "");
    for (let part = 0; part < 3; part++) {
      await clock.sleep(500);
      appendFileSync(
        path,
        bytes.subarray(Math.ceil((part * bytes.length) / 3), Math.ceil(((part + 1) * bytes.length) / 3)),
      );
    }
  }

  private at(n: number): string {
    return `${this.log}.${n}`;
  }

  async settle(): Promise<void> {
    if (this.gate === "shut") return;
    const found = (): string[] => this.intake.text.split("\n").filter(Boolean);
    const wanted = [...this.lines].sort().join("\n");
    await this.until(
      () => found().sort().join("\n") === wanted,
      () => `each line once; ${difference(this.lines, found())}`,
    );
  }

  private async again(how: "restart" | "crash"): Promise<void> {
    await this.stop(how === "crash" ? "crash" : "stop");
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
}

function difference(wanted: readonly string[], found: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of wanted) counts.set(line, (counts.get(line) ?? 0) - 1);
  for (const line of found) counts.set(line, (counts.get(line) ?? 0) + 1);
  return JSON.stringify([...counts].filter(([, count]) => count !== 0));
}
