// The real tailer on a directory: start, stop and crash it. Its fake buffer takes everything, or has no room.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FSWatcher } from "chokidar";
import { silentLog } from "../../../../src/core/log.ts";
import { FileInput } from "../../../../src/inputs/file/file-input.ts";
import { Kernel } from "../../../../src/kernel/kernel.ts";
import { FakeIntake } from "../../../helpers/fake-intake.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { options } from "../setup.ts";

export const clock = fastClock(20);

/** given: file system watchers report changes. none: no watcher can be had, so that polls must find everything. */
export type Hints = "given" | "none";

const BLIND = "spillway-blind-";
const { add } = FSWatcher.prototype;
FSWatcher.prototype.add = function (this: FSWatcher, paths, ...rest) {
  if (!String(paths).includes(BLIND)) return add.call(this, paths, ...rest);
  queueMicrotask(
    () => this.closed || this.emit("error", Object.assign(new Error("no watch left"), { code: "ENOSPC" })),
  );
  return this;
};

export class Tailed {
  readonly dir: string;
  protected readonly intake = new FakeIntake();
  protected input: FileInput | undefined;
  protected gate: "open" | "shut" = "open";
  private readonly kernel = new Kernel(this.intake.arena);
  private readonly pattern: string;
  private readonly patienceMs: number;
  private fault: unknown;
  private leapt = 0;

  /** @param patienceMs timeout of each wait */
  constructor(pattern: string, hints: Hints, patienceMs: number) {
    this.dir = mkdtempSync(join(tmpdir(), hints === "none" ? BLIND : "spillway-model-"));
    this.pattern = pattern;
    this.patienceMs = patienceMs;
  }

  async start(mode: "follow" | "once" = "follow"): Promise<void> {
    this.input = new FileInput(options(this.dir, { paths: [join(this.dir, this.pattern)] }), {
      intake: this.intake,
      arena: this.intake.arena,
      kernel: this.kernel,
      clock: { ...clock, now: () => clock.now() + this.leapt },
      log: silentLog,
      host: "h",
      index: "logs",
      mode,
    });
    // An input that fails before it is stopped: the next wait reports the error.
    this.input.ended.catch((error: unknown) => (this.fault = error));
    await this.input.start();
  }

  /** crash: for each source, only half of the drafts handed over were durable. */
  async stop(how: "stop" | "crash"): Promise<void> {
    if (this.input === undefined) return;
    await this.input.stop();
    this.input = undefined;
    this.intake.restart((source) => (how === "crash" ? Math.ceil(source.taken.length / 2) : source.taken.length));
  }

  /** Moves the input's clock forward. */
  protected leap(ms: number): void {
    this.leapt += ms;
  }

  protected block(): void {
    this.gate = "shut";
    this.intake.shut();
  }

  protected unblock(): void {
    this.gate = "open";
    this.intake.reopen();
  }

  protected until(holds: () => boolean, what: () => string): Promise<void> {
    const looked = (): boolean => {
      if (this.fault !== undefined) throw this.fault as Error;
      return holds();
    };
    return this.intake.until(looked, what, this.patienceMs);
  }

  async close(): Promise<void> {
    await this.input?.stop();
    rmSync(this.dir, { recursive: true });
    assert.equal(this.intake.arena.count, 0, "regions left behind");
  }
}

/** Undefined: no invariant was violated. */
export async function violationIn(world: Tailed, run: () => Promise<void>): Promise<string | undefined> {
  const violation = await violationOf(run);
  const left = await violationOf(() => world.close());
  return violation ?? left;
}

async function violationOf(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
