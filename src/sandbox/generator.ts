// Writes numbered log lines into a file at a given rate, and rotates the file on demand as logrotate does. Invariant: after
// `stop`, the files contain every line up to `written`, in order and whole, and nothing more.
import { open, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { AccessLines, BLOCK_LINES } from "./access-lines.ts";

/** Milliseconds between writes: small enough to look like a stream, large enough to cost nothing. */
const TICK = 50;
/** The most lines to catch up after a stall, as milliseconds: a stalled machine must not be flooded afterwards. */
const MAX_DEBT_MS = 500;

export interface GeneratorOptions {
  readonly path: string;
  /** Lines per second; may be changed at any time. */
  readonly rate: number;
  /** Number of the first line. */
  readonly first?: number;
}

export class LogGenerator {
  rate: number;
  private readonly path: string;
  private readonly clock: Clock;
  private readonly lines = new AccessLines();
  private readonly control = new AbortController();
  private file: FileHandle | undefined;
  private next: number;
  private bytes = 0;
  private running: Promise<void> | undefined;
  /** Runs writes and rotations one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(options: GeneratorOptions, clock: Clock) {
    this.path = options.path;
    this.rate = options.rate;
    this.next = options.first ?? 0;
    this.clock = clock;
  }

  /** Lines written so far: they are numbered from `first` to one below this. */
  get written(): number {
    return this.next;
  }

  get writtenBytes(): number {
    return this.bytes;
  }

  async start(): Promise<void> {
    this.file = await open(this.path, "a");
    this.running = this.run();
  }

  /** Rejects with the error of a failed write. */
  async stop(): Promise<void> {
    this.control.abort();
    await this.running;
    await this.inTurn(async () => {
      await this.file?.close();
      this.file = undefined;
    });
  }

  /** Writes this many lines at once, whatever the rate. */
  burst(count: number): Promise<void> {
    return this.inTurn(() => this.write(count));
  }

  /** Renames the file to `path.<suffix>` and opens a new one. */
  rotate(suffix: string): Promise<void> {
    return this.inTurn(async () => {
      await rename(this.path, `${this.path}.${suffix}`);
      const old = this.file;
      this.file = await open(this.path, "a");
      await old?.close();
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.control;
    let last = this.clock.now();
    let owed = 0;
    while (!signal.aborted) {
      await this.clock.sleep(TICK, signal);
      const now = this.clock.now();
      owed = Math.min(owed + ((now - last) * this.rate) / 1000, (MAX_DEBT_MS * this.rate) / 1000);
      last = now;
      const count = Math.floor(owed);
      owed -= count;
      if (count > 0 && !signal.aborted) await this.burst(count);
    }
  }

  private async write(count: number): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    for (let left = count; left > 0; left -= BLOCK_LINES) {
      const lines = this.lines.lines(this.next, Math.min(left, BLOCK_LINES), this.clock.wall());
      await file.writeFile(lines);
      this.next += Math.min(left, BLOCK_LINES);
      this.bytes += lines.length;
    }
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    const result = this.turn.then(step);
    this.turn = result.catch(() => {});
    return result;
  }
}
