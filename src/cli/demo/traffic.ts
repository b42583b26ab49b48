// Simulates an application that logs to one file, with a hasty logrotate that renames the file every second and deletes it
// two seconds later. A reader that is too late loses data.
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { LogGenerator } from "../../sandbox/generator.ts";

const ROTATE_MS = 1000;
/** Number of rotated files that are kept. */
const KEPT = 2;
/** Approximate length of a generated line. */
const LINE_BYTES = 273;

export class Traffic {
  private readonly clock: Clock;
  private readonly path: string;
  private readonly generator: LogGenerator;
  private readonly stopping = new AbortController();
  private rotating: Promise<void> | undefined;

  constructor(directory: string, clock: Clock) {
    this.clock = clock;
    this.path = join(directory, "app.log");
    this.generator = new LogGenerator({ path: this.path, rate: 0 }, clock);
  }

  /** Bytes per second. */
  set rate(bytes: number) {
    this.generator.rate = bytes / LINE_BYTES;
  }

  get writtenBytes(): number {
    return this.generator.writtenBytes;
  }

  async start(): Promise<void> {
    await this.generator.start();
    // Write a first line, so that the file has a fingerprint when the agent first sees it.
    await this.generator.burst(1);
    this.rotating = this.rotate();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.rotating;
    await this.generator.stop();
  }

  private async rotate(): Promise<void> {
    const { signal } = this.stopping;
    for (let n = 1; ; n++) {
      await this.clock.sleep(ROTATE_MS, signal);
      if (signal.aborted) return;
      await this.generator.rotate(String(n));
      if (n > KEPT) await unlink(`${this.path}.${n - KEPT}`);
    }
  }
}
