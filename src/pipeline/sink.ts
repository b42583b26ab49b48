// The output as delivery sees it: how many requests may be under way, whether one may start, what it cost, and what there
// is to say about it. Speaks in pairs: output_down says why, output_up how long and how much waits.
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Clock } from "../core/clock.ts";
import { SpillwayError, describe } from "../core/errors.ts";
import { duration, flow } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { OutputOptions } from "../core/options.ts";
import { EXISTS, type Output, REFUSED, RETRY, STORED, type SendReport } from "../core/output.ts";
import { backoff } from "../outputs/elasticsearch/backoff.ts";
import { CircuitBreaker } from "../outputs/elasticsearch/breaker.ts";
import { ConcurrencyLimiter } from "../outputs/elasticsearch/concurrency.ts";
import { type Bucket, fullBucket, take, waitMs } from "../policy/token-bucket.ts";

export interface SinkParts {
  readonly clock: Clock;
  readonly buffer: SpillBuffer;
  readonly output: Output;
  readonly options: OutputOptions;
  readonly log: Log;
}

export class Sink {
  private readonly parts: SinkParts;
  private readonly limiter: ConcurrencyLimiter;
  readonly breaker: CircuitBreaker;
  private bucket: Bucket;
  /** Set while nothing gets through, to when that began. */
  private downSince: number | undefined;
  inFlight = 0;
  requests = 0;
  failed = 0;
  bodyBytes = 0;
  readonly items = { stored: 0, exists: 0, retry: 0, refused: 0 };
  unexpectedDuplicates = 0;
  server: string | undefined;
  lastError: string | undefined;
  /** Bytes of bodies after compression. */
  get wireBytes(): number {
    return this.parts.output.wireBytes;
  }

  /** What the last Retry-After asked for. */
  askedMs = 0;
  /** Encoded bytes per estimated byte, lately. */
  swelling = 1;
  /** Told of each request's time, in milliseconds. */
  observe: (ms: number) => void = () => {};

  constructor(parts: SinkParts) {
    this.parts = parts;
    const { clock, options } = parts;
    this.limiter = new ConcurrencyLimiter(options.concurrency);
    this.breaker = new CircuitBreaker(() => clock.random());
    this.bucket = fullBucket(this.cap(), clock.now());
  }

  private cap(): { rate: number; burst: number } {
    const { rate, batch } = this.parts.options;
    return { rate, burst: Math.max(rate, batch.bytes) };
  }

  get limit(): number {
    return this.limiter.limit;
  }

  /** True when a request may start now; in an open circuit that makes it the trial, which must then be sent. */
  admit(): boolean {
    return this.breaker.admit(this.parts.clock.now());
  }

  /** The same question without taking the trial. */
  get tries(): boolean {
    if (this.breaker.circuit === "closed") return true;
    return this.breaker.circuit === "open" && this.parts.clock.now() >= this.breaker.retryAt;
  }

  /** A lease has ended: where it was the trial and never sent anything, the next one may try. */
  ended(): void {
    if (this.inFlight === 0) this.breaker.abandoned(this.parts.clock.now());
  }

  /** What documents took of what was estimated for them. */
  learn(encoded: number, estimated: number): void {
    this.swelling = Math.max(0.25, 0.8 * this.swelling + 0.2 * (encoded / estimated));
  }

  /** Asks the server who it is, until it says so: before that nothing is sent. */
  async connect(signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        this.server = (await this.parts.output.connect(signal)).name;
        return this.up();
      } catch (error) {
        if (signal.aborted) return;
        this.down(error instanceof SpillwayError ? joined(error) : describe(error));
        await this.parts.clock.sleep(backoff(failures, this.parts.clock.random()), signal);
      }
    }
  }

  async send(target: string, body: Buffer, docs: number, signal: AbortSignal): Promise<SendReport> {
    const { clock, output, options } = this.parts;
    if (options.rate > 0) await this.pace(body.length, signal);
    const startedAt = clock.now();
    this.requests++;
    const inFlight = ++this.inFlight;
    const report = await output.send(target, body, docs, signal);
    this.inFlight--;
    const endedAt = clock.now();
    this.observe(endedAt - startedAt);
    this.bodyBytes += body.length;
    this.judge(report, docs, startedAt, endedAt, signal.aborted);
    const load = overloaded(report) ? "overloaded" : "taken";
    if (report.kind !== "denied") this.limiter.finished({ load, bytes: body.length, startedAt, endedAt, inFlight });
    return report;
  }

  private async pace(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    const limit = this.cap();
    for (let missing = bytes; missing > 0 && !signal.aborted;) {
      const { bucket, granted } = take(limit, this.bucket, clock.now(), missing);
      this.bucket = bucket;
      missing -= granted;
      if (missing > 0) await clock.sleep(waitMs(limit, this.bucket, clock.now(), missing), signal);
    }
  }

  private judge(report: SendReport, docs: number, startedAt: number, now: number, stopping: boolean): void {
    this.askedMs = "retryAfterMs" in report ? (report.retryAfterMs ?? 0) : 0;
    if (report.kind === "stored") {
      this.items.stored += docs;
      return this.succeed();
    }
    if (report.kind === "mixed") {
      for (const v of report.verdicts) this.countItem(v);
      if (report.why !== "") this.lastError = report.why;
      return this.succeed();
    }
    this.failed++;
    if (stopping) return this.breaker.abandoned(now);
    this.lastError = report.kind === "indigestible" ? report.refusal.reason : report.why;
    if (report.kind === "indigestible") return this.succeed();
    if (report.kind === "denied") {
      this.breaker.denied(now);
      return this.down(`${report.why}; ${report.hint}`);
    }
    this.breaker.failed(startedAt, now, this.askedMs);
    if (report.kind === "busy") this.parts.log.warn("output_busy", `the output asks to slow down: ${report.why}`);
    else if (this.breaker.circuit === "open") this.down(report.why);
  }

  private countItem(verdict: number): void {
    if (verdict === STORED) this.items.stored++;
    else if (verdict === EXISTS) this.items.exists++;
    else if (verdict === RETRY) this.items.retry++;
    else if (verdict === REFUSED) this.items.refused++;
  }

  refused(records: number): void {
    this.items.refused += records;
  }

  unexpected(documents: number): void {
    this.unexpectedDuplicates += documents;
    const sentence = `${documents} documents were in the index already, though nothing sent before could have stored them`;
    this.parts.log.warn("unexpected_duplicates", `${sentence}; does another agent write the same ids?`, { documents });
  }

  private succeed(): void {
    this.breaker.succeeded();
    this.up();
  }

  private down(why: string): void {
    this.lastError = why;
    const { log, clock } = this.parts;
    if (this.downSince !== undefined) return log.debug("output_still_down", why);
    this.downSince = clock.now();
    log.error("output_down", `${why}. Nothing is lost: what is read waits in the buffer. Trying again every 1-15 s`);
  }

  private up(): void {
    if (this.downSince === undefined) return;
    const { log, clock, buffer } = this.parts;
    const after = duration(clock.now() - this.downSince);
    this.downSince = undefined;
    let waiting = 0;
    for (const share of buffer.state.shares.values()) waiting += buffer.occupied(share);
    log.info("output_up", `the output answers again after ${after}; ${flow(waiting)} waiting`);
  }

  /** Waits before the next attempt; ends early when the circuit may be tried again only later, or on a stop. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    await clock.sleep(Math.max(ms, this.breaker.circuit === "open" ? this.breaker.retryAt - clock.now() : 0), signal);
    while (!signal.aborted && !this.breaker.admit(clock.now())) {
      await clock.sleep(Math.max(20, Math.min(1000, this.breaker.retryAt - clock.now())), signal);
    }
  }
}

function overloaded(report: SendReport): boolean {
  return report.kind === "busy" || report.kind === "unanswered" || (report.kind === "mixed" && report.busy);
}

function joined(error: SpillwayError): string {
  const what = error.message.replace(/\.$/, "");
  return error.hint === undefined ? what : `${what}; ${error.hint}`;
}
