// A directory with log files, a file input over it that can be stopped and started again, and the text that it handed over:
// helpers for scenarios from other agents' tests. The clock runs twenty times as fast.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { FileInputOptions } from "../../../../src/core/options.ts";
import type { FileInput } from "../../../../src/inputs/file/file-input.ts";
import type { FileInputParts } from "../../../../src/inputs/file/shared.ts";
import type { FakeIntake } from "../../../helpers/fake-intake.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench, ownDisk, type RecordingLog, remake } from "../setup.ts";

const clock = fastClock(20);

export class Scene {
  readonly dir: string;
  readonly intake: FakeIntake;
  readonly log: RecordingLog;
  private readonly t: TestContext;
  private readonly run: (changes?: Partial<FileInputOptions>, parts?: Partial<FileInputParts>) => Promise<FileInput>;
  private input: FileInput | undefined;

  constructor(t: TestContext) {
    const { dir, intake, log, run } = bench(t, ownDisk());
    this.t = t;
    this.dir = dir;
    this.intake = intake;
    this.log = log;
    this.run = run;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** @param glob relative to the directory */
  async start(glob = "*.log", changes: Partial<FileInputOptions> = {}): Promise<FileInput> {
    this.input = await this.run({ paths: [this.path(glob)], ...changes }, { clock });
    return this.input;
  }

  /** Starts a second input beside the first. */
  other(id: string): Promise<FileInput> {
    return this.run({ id }, { clock });
  }

  /** Reads every file to its current end and stops, as `--once` does. */
  async once(glob = "*.log", changes: Partial<FileInputOptions> = {}): Promise<void> {
    const input = await this.run({ paths: [this.path(glob)], ...changes }, { clock, mode: "once" });
    await input.done();
    await input.stop();
    this.intake.restart();
  }

  /** The process ends. Everything handed over is durable. */
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

  /** Removes a file, and makes another with the same inode. */
  remake(name: string, text: string, as = name): void {
    remake(this.t, this.path(name), text, this.path(as));
  }

  truncate(name: string, size = 0): void {
    truncateSync(this.path(name), size);
  }

  /** Acts while the buffer has no room, and waits until the input has noticed this many bytes of lag. */
  async blocked(act: () => void, bytes: number): Promise<void> {
    this.intake.shut();
    act();
    await this.intake.until(() => this.input?.status().lagBytes === bytes, `${bytes} bytes to be noticed`);
  }

  /** Waits until exactly these texts were handed over, one for each source, in any order. */
  async has(...texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify([...texts].sort());
    const found = (): string => JSON.stringify(this.intake.texts.filter((text) => text !== "").sort());
    await this.intake.until(() => found() === wanted, `exactly ${wanted.slice(0, 500)}`);
  }

  /** Waits until the input has closed its idle files. */
  async idle(): Promise<void> {
    await this.intake.until(() => this.input?.status().open === 0, "idle files to be closed");
  }

  /** Lets this many seconds pass on the input's clock. Nothing may be handed over meanwhile. */
  async quiet(seconds: number): Promise<void> {
    const before = this.intake.text;
    await clock.sleep(seconds * 1000);
    assert.equal(this.intake.text, before);
  }
}

export function play(scenarios: Readonly<Record<string, (scene: Scene) => Promise<void>>>): void {
  for (const [name, run] of Object.entries(scenarios)) test(name, (t) => run(new Scene(t)));
}
