// Complaints that would come with every look are logged at most once a minute per event; what was held back is counted
// and named in the next one.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";

const PAUSE_MS = 60_000;

interface Last {
  at: number;
  withheld: number;
}

export class Nag {
  private readonly last = new Map<string, Last>();
  private readonly log: Log;
  private readonly clock: Clock;

  constructor(log: Log, clock: Clock) {
    this.log = log;
    this.clock = clock;
  }

  warn(event: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    const now = this.clock.now();
    const last = this.last.get(event);
    if (last !== undefined && now - last.at < PAUSE_MS) {
      last.withheld++;
      return;
    }
    const withheld = last?.withheld ?? 0;
    this.last.set(event, { at: now, withheld: 0 });
    this.log.warn(event, withheld === 0 ? message : `${message} (${withheld} like it since the last report)`, fields);
  }
}
