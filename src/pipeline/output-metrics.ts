// Counters of delivery requests, since the process started.
import { EXISTS, REFUSED, RETRY, STORED, type SendReport, UNCLEAR } from "../core/output.ts";

export class OutputMetrics {
  requests = 0;
  /** Requests that failed as a whole, by kind of report. */
  readonly failures = { busy: 0, unanswered: 0, indigestible: 0, denied: 0 };
  inFlight = 0;
  /** Bytes of bodies before compression. */
  bodyBytes = 0;
  /** Documents by verdict. */
  readonly items = { stored: 0, exists: 0, retry: 0, refused: 0 };
  /** Documents that existed already although no earlier attempt could have stored them. */
  unexpectedDuplicates = 0;
  /** Stored documents that went to the failure store of their data stream. */
  failureStored = 0;
  /** Called with the duration of each request in milliseconds. */
  observe: (ms: number) => void = () => {};

  started(): void {
    this.requests++;
    this.inFlight++;
  }

  ended(report: SendReport, docs: number, bodyBytes: number, ms: number): void {
    this.inFlight--;
    this.bodyBytes += bodyBytes;
    this.observe(ms);
    if (report.kind === "stored") this.items.stored += docs;
    else if (report.kind === "mixed") for (const verdict of report.verdicts) this.item(verdict);
    else this.failures[report.kind]++;
  }

  get failed(): number {
    return Object.values(this.failures).reduce((sum, n) => sum + n, 0);
  }

  private item(verdict: number): void {
    if (verdict === STORED) this.items.stored++;
    else if (verdict === EXISTS) this.items.exists++;
    else if (verdict === RETRY || verdict === UNCLEAR) this.items.retry++;
    else if (verdict === REFUSED) this.items.refused++;
  }
}
