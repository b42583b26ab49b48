// Logs damaged rows of the backlog: the first at once, further ones as a count once a minute.
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { Chunk } from "../chunk.ts";

const BETWEEN_MS = 60_000;

export class DamageReport {
  private readonly clock: Clock;
  private readonly log: Log;
  private lost = 0;
  private reread = 0;
  private due = false;
  private saidLate = false;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** @param reread whether the bytes could be read again from the log file */
  found({ open, stock: { input }, envelope: { path }, start, end }: Chunk, reread: boolean): void {
    if (this.due) {
      if (reread) this.reread += open;
      else this.lost += open;
      return;
    }
    this.due = true;
    this.clock.after(BETWEEN_MS, () => this.saySince());
    const where = `bytes ${start} to ${end} of ${path}`;
    if (reread) {
      const sentence = `buffered records (${where}) are damaged on the disk; they were read again from their file`;
      this.log.warn("records_reread", sentence, { input, path, start, end, records: open });
    } else {
      const sentence =
        `${open} buffered records (${where}) are damaged on the disk, and their file does not have them any more: ` +
        `they are lost; listed by: spillway losses list`;
      this.log.error("records_corrupt", sentence, { input, path, start, end, records: open });
    }
  }

  /** Logs, at most once a minute, that a row cannot be read for now. It is retried, and nothing else waits for it. */
  late({ open, stock: { input }, envelope: { path }, start, end }: Chunk): void {
    if (this.saidLate) return;
    this.saidLate = true;
    this.clock.after(BETWEEN_MS, () => (this.saidLate = false));
    const sentence =
      `the disk does not give ${open} buffered records away (bytes ${start} to ${end} of ${path}); they are tried again, ` +
      `the others go on meanwhile`;
    this.log.error("row_unreadable", sentence, { input, path, start, end, records: open });
  }

  private saySince(): void {
    this.due = false;
    const { lost, reread } = this;
    this.lost = this.reread = 0;
    const sentence = `within a minute: ${lost} more buffered records lost to damage on the disk, ${reread} more read again`;
    if (lost > 0) this.log.error("records_corrupt", sentence, { records: lost });
    else if (reread > 0) this.log.warn("records_reread", sentence, { records: reread });
  }
}
