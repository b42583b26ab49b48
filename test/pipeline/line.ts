// The pipeline on a real buffer with a real database and the real kernel. A test can admit records, and send, shed and spill
// them.
import type { Log } from "../../src/core/log.ts";
import type { Output, SendReport } from "../../src/core/output.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Running, type RunningOptions } from "../buffer/running.ts";

export class Line extends Running {
  readonly kernel: Kernel;

  constructor(options: RunningOptions = {}) {
    super(options);
    this.kernel = new Kernel(this.arena);
  }
}

/** Waits until the condition holds. Checks it every 5 ms. */
export async function until(holds: () => boolean, what: string, ms = 60_000): Promise<void> {
  for (const deadline = performance.now() + ms; !holds();) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await systemClock.sleep(5);
  }
}

/** A log, and its messages as "level event: message". */
export function listening(): { readonly said: string[]; readonly log: Log } {
  const said: string[] = [];
  const say =
    (level: string) =>
    (event: string, message: string): void =>
      void said.push(`${level} ${event}: ${message}`);
  return { said, log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") } };
}

/** A destination that responds at once, with the response that the test has set. */
export class Answering implements Output {
  wireBytes = 7;
  readonly hosts = [];
  next: SendReport = { kind: "stored" };
  connects: (() => Promise<{ name: string }>)[] = [];
  closed = false;

  send(): Promise<SendReport> {
    return Promise.resolve(this.next);
  }

  connect(): Promise<{ name: string }> {
    return (this.connects.shift() ?? (() => Promise.resolve({ name: "server 1" })))();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
