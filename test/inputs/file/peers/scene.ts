// A directory with log files, a file input over it that can be stopped and started again, and what it handed over: words for
// the scenarios that other agents are tested with. Time passes twenty times as fast.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { FileInputOptions } from "../../../../src/core/options.ts";
import type { FileInput } from "../../../../src/inputs/file/file-input.ts";
import type { FileInputParts } from "../../../../src/inputs/file/parts.ts";
import type { FakeIntake } from "../../../helpers/fake-intake.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench, type RecordingLog, remake } from "../setup.ts";

const clock = fastClock(20);

export class Scene {
  readonly dir: string;
  readonly intake: FakeIntake;
  readonly log: RecordingLog;
  private readonly t: TestContext;
  private readonly run: (changes?: Partial<FileInputOptions>, parts?: Partial<FileInputParts>) => Promise<FileInput>;
  private input: FileInput | undefined;

  constructor(t: TestContext) {
    const { dir, intake, log, run } = bench(t);
    this.t = t;
    this.dir = dir;
    this.intake = intake;
    this.log = log;
    this.run = run;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** `glob` is relative to the directory. */
  async start(glob = "*.log", changes: Partial<FileInputOptions> = {}): Promise<FileInput> {
    this.input = await this.run({ paths: [this.path(glob)], ...changes }, { clock });
    return this.input;
  }

  /** A second input next to the first. */
  other(id: string): Promise<FileInput> {
    return this.run({ id }, { clock });
  }

  /** Reads every file to the end that it has, as `--once` does, and ends. */
  async once(glob = "*.log", changes: Partial<FileInputOptions> = {}): Promise<void> {
    const input = await this.run({ paths: [this.path(glob)], ...changes }, { clock, mode: "once" });
    await input.done();
    await input.stop();
    this.intake.restart();
  }

  /** The process ends; all that was handed over is durable. */
  async stop(): Promise<void> {
    await this.input?.stop();
    this.intake.restart();
  }

  write(name: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  append(name: string, text: string | Uint8Array): void {
    appendFileSync(this.path(name), text);
  }

  move(from: string, to: string): void {
    renameSync(this.path(from), this.path(to));
  }

  remove(name: string): void {
    rmSync(this.path(name));
  }

  /** Removes it, and makes a file with the same inode. */
  remake(name: string, text: string, as = name): void {
    remake(this.t, this.path(name), text, this.path(as));
  }

  truncate(name: string, size = 0): void {
    truncateSync(this.path(name), size);
  }

  /** Nobody takes anything over, and the input has noticed that this many bytes wait. */
  async blocked(act: () => void, bytes: number): Promise<void> {
    this.intake.shut();
    act();
    await this.intake.until(() => this.input?.status().lagBytes === bytes, `${bytes} bytes to be noticed`);
  }

  /** Waits until exactly these were handed over, one text for each generation of a file, in any order. */
  async has(...texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify([...texts].sort());
    const found = (): string => JSON.stringify(this.intake.texts.filter((text) => text !== "").sort());
    await this.intake.until(() => found() === wanted, `exactly ${wanted.slice(0, 500)}`);
  }

  /** The input has let go of its descriptors. */
  async idle(): Promise<void> {
    await this.intake.until(() => this.input?.status().open === 0, "idle files to be closed");
  }

  /** Lets seconds of the input's time pass in which nothing may happen. */
  async quiet(seconds: number): Promise<void> {
    const before = this.intake.text;
    await clock.sleep(seconds * 1000);
    assert.equal(this.intake.text, before);
  }
}

export function play(scenarios: Readonly<Record<string, (scene: Scene) => Promise<void>>>): void {
  for (const [name, run] of Object.entries(scenarios)) test(name, (t) => run(new Scene(t)));
}
