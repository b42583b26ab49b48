// Reads one file again from an offset, with the same input code that read it first, so that the records are the same. Each
// draft is processed before the next is read. The intake here stores nothing, so the agent's state is untouched.
import { hostname } from "node:os";
import type { Arena, Region } from "../../core/arena.ts";
import type { Draft, Envelope } from "../../core/chunk.ts";
import { systemClock } from "../../core/clock.ts";
import type { Intake } from "../../core/intake.ts";
import type { Log } from "../../core/log.ts";
import type { Config, FileInputOptions } from "../../core/options.ts";
import { type KnownSource, NO_MARK } from "../../core/source.ts";
import { FileInput } from "../../inputs/file/file-input.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Located } from "./locate.ts";

export interface Reading {
  readonly source: string;
  readonly file: Located;
  readonly input: FileInputOptions;
  readonly config: Config;
  readonly arena: Arena;
  readonly kernel: Kernel;
  readonly log: Log;
  /** Offset to start at; must be the start of a record. */
  readonly from: number;
  /** Processes a draft and releases its regions. @returns whether to go on */
  readonly take: (draft: Draft) => Promise<"on" | "enough">;
}

/** Resolves when `take` returns "enough", or at the end of the file. */
export async function readAgain(reading: Reading): Promise<void> {
  const { file, input, config, arena, kernel, log } = reading;
  const intake = new OneSource(reading);
  // Match the file by its current name, at any age. Reading starts at the checkpoint of the source that `known` returns.
  const options = { ...input, paths: [patternOf(file.path)], exclude: [], start: "beginning", ignoreOlder: 0 } as const;
  const parts = { intake, arena, kernel, clock: systemClock, log, host: hostname(), index: config.output.index };
  const files = new FileInput(options, { ...parts, mode: "once" });
  try {
    await files.start();
    await Promise.race([intake.enough, files.done(), files.ended]);
    await intake.idle();
  } finally {
    await files.stop();
  }
}

/** A glob pattern for the path; special characters are replaced by `?`. */
function patternOf(path: string): string {
  return path.replace(/[*?[\]{}()!+@|\\]/g, "?");
}

class OneSource implements Intake {
  readonly enough: Promise<void>;
  private readonly reading: Reading;
  private readonly stop: () => void;
  private readonly fail: (error: unknown) => void;
  private working: Promise<void> = Promise.resolve();
  private state: "on" | "enough" = "on";

  constructor(reading: Reading) {
    this.reading = reading;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.enough = promise;
    this.stop = resolve;
    this.fail = reject;
  }

  /** Resolves when every admitted draft is processed. */
  async idle(): Promise<void> {
    await this.working;
  }

  known(): readonly KnownSource[] {
    const { source, input, file, from } = this.reading;
    return [{ id: source, input: input.id, identity: file.identity, origin: from, checkpoint: from, mark: NO_MARK }];
  }

  async room(_input: string, bytes: number, signal: AbortSignal): Promise<Region> {
    const { arena } = this.reading;
    for (;;) {
      await this.working;
      if (signal.aborted) throw signal.reason;
      const region = this.state === "on" ? arena.alloc(bytes) : undefined;
      if (region !== undefined) {
        arena.pin(region);
        return region;
      }
      await systemClock.sleep(20, signal);
    }
  }

  release(region: Region): void {
    this.reading.arena.unpin(region);
    this.reading.arena.release(region);
  }

  async admit(draft: Draft): Promise<void> {
    this.working = this.working.then(() => this.take(draft)).catch((error: unknown) => this.fail(error));
  }

  private async take(draft: Draft): Promise<void> {
    // If the file was rewritten meanwhile, its new content belongs to another source.
    if (this.state === "enough" || draft.source !== this.reading.source) return this.drop(draft);
    this.state = await this.reading.take(draft);
    if (this.state === "enough") this.stop();
  }

  private drop({ region, table }: Draft): void {
    for (const one of [region, table]) if (one !== undefined) this.reading.arena.release(one);
  }

  gone(source: string): void {
    if (source === this.reading.source) this.stop();
  }

  envelope(facts: Omit<Envelope, "id">): Envelope {
    return { ...facts, id: 0 };
  }

  started(): number {
    return 0;
  }

  start(): void {}
  open(): void {}
  identify(): void {}
  found(): void {}
  forget(): void {}

  answered(): boolean {
    return true;
  }
}
