// Delivers chunks: leases, encodes, sends and settles them, with up to `limit` requests at once over all lanes. A lease lasts for
// one request. Invariants: a request is begun in one synchronous step, so nothing that was settled or shed meanwhile is sent, and
// nothing waits while it holds a body or a chunk; whatever the server responds, every leased record is settled or given back.
import type { Chunk, Lease } from "../buffer/chunk.ts";
import type { Region } from "../core/arena.ts";
import { SpillwayError } from "../core/errors.ts";
import type { OutputOptions } from "../core/options.ts";
import type { BodyEncoder, EncodedBody, Output } from "../core/output.ts";
import { type Sent, refuseFirst } from "./settle-body.ts";
import { BodyLimit } from "./body-limit.ts";
import { CircuitBreaker, type Pass } from "./breaker.ts";
import { ConcurrencyLimiter } from "./concurrency.ts";
import type { Lane } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { NO_ROOM, Outcome } from "./outcome.ts";
import { OutputMetrics } from "./output-metrics.ts";
import { OutputStatus, type StatusParts } from "./output-status.ts";
import { RateCap } from "./rate-cap.ts";
import { RefusalLog } from "./refusal-log.ts";
import { askedMs, endingOf, isOverload } from "./reports.ts";
import { Slots } from "./slots.ts";

const bounded = (ms: number): number => Math.max(5, Math.min(1000, ms));

export interface DeliveryParts extends StatusParts {
  readonly encoder: BodyEncoder;
  readonly options: OutputOptions;
}

export class Delivery {
  readonly metrics = new OutputMetrics();
  readonly status: OutputStatus;
  readonly lanes: Lanes;
  private readonly parts: DeliveryParts;
  private readonly limiter: ConcurrencyLimiter;
  private readonly breaker: CircuitBreaker;
  private readonly cap: RateCap;
  private readonly bodyLimit: BodyLimit;
  private readonly refusals: RefusalLog;
  private readonly outcome: Outcome;
  private readonly abort = new AbortController();
  private readonly requests = new Set<Promise<void>>();
  private readonly slots = new Slots();
  private running: Promise<void> | undefined;
  private readonly fault = Promise.withResolvers<never>();
  /** Encoded bytes per estimated byte, as a moving average. */
  private expansionRatio = 1;

  constructor(parts: DeliveryParts) {
    const { clock, options, buffer, log } = parts;
    this.parts = parts;
    this.status = new OutputStatus(parts);
    this.lanes = new Lanes(clock, buffer.outbox, options.batch, this.status, parts.output.hosts.length);
    this.limiter = new ConcurrencyLimiter(options.concurrency);
    this.breaker = new CircuitBreaker(() => clock.random());
    this.cap = new RateCap(clock, options.rate, options.batch.bytes);
    this.bodyLimit = new BodyLimit(options.batch.bytes, log);
    this.refusals = new RefusalLog(clock, log);
    const { lanes, status, metrics, bodyLimit: limit, refusals } = this;
    this.outcome = new Outcome({ clock, log, outbox: buffer.outbox, lanes, status, metrics, limit, refusals });
    // Avoids an unhandled rejection if nobody waits for `failure`.
    this.fault.promise.catch(() => {});
  }

  get limit(): number {
    return this.limiter.limit;
  }

  get circuit(): CircuitBreaker["circuit"] {
    return this.breaker.circuit;
  }

  /** Bytes of bodies sent, after compression, and the hosts. */
  get output(): Pick<Output, "wireBytes" | "hosts"> {
    return this.parts.output;
  }

  start(): void {
    this.running = this.run().catch((error: unknown) => this.fault.reject(error));
  }

  /** Rejects on an error that must end the process. */
  get failure(): Promise<never> {
    return this.fault.promise;
  }

  /** From now on batches are sent without waiting to fill up. */
  flush(): void {
    this.lanes.flush(true);
    this.parts.buffer.changes.notify();
  }

  /**
   * Begins no new chunks. Waits for the requests under way, and for at most `grace` ms until partly sent chunks are complete; the
   * next agent sends the rest of those again. Reading may go on. @param signal ends the waiting
   */
  async finish(grace: number, signal: AbortSignal): Promise<void> {
    const { buffer, clock } = this.parts;
    const until = clock.now() + grace;
    buffer.outbox.finish();
    this.flush();
    while (!signal.aborted && (this.requests.size > 0 || (buffer.outbox.hasBegun && clock.now() < until)))
      await buffer.changes.wait(100, signal);
  }

  /** Aborts all requests. Those under way count as unanswered: the server may have stored their documents. */
  async stop(): Promise<void> {
    const why = new SpillwayError("stopping", "spillway is stopping");
    this.abort.abort(why);
    this.slots.cancel(why);
    await this.running;
    await this.parts.output.close();
  }

  private async run(): Promise<void> {
    const { buffer, clock } = this.parts;
    const { signal } = this.abort;
    await this.status.connect(signal);
    while (!signal.aborted) {
      const wait = this.startAll();
      this.refusals.logDue();
      this.status.check(this.slots.oldestMs(clock.now()));
      await buffer.changes.wait(wait, signal);
    }
    await Promise.all(this.requests);
  }

  /** Starts every request that may start now. @returns milliseconds after which to try again at the latest */
  private startAll(): number {
    const { clock } = this.parts;
    for (;;) {
      const now = clock.now();
      const free = this.slots.free(this.limit, now);
      if (free === "none") return 1000;
      if (!this.breaker.wouldPass(now)) return bounded(this.breaker.waitMs(now));
      if (this.cap.waitMs > 0) return bounded(this.cap.waitMs);
      const { lane, inMs } = this.lanes.next(this.expansionRatio, this.slots, free);
      if (!lane) return bounded(inMs);
      if (this.begin(lane) === "full") return 50;
    }
  }

  /** Leases, encodes and starts one request, in one synchronous step. @returns "full": there is no room for its body */
  private begin(lane: Lane): "next" | "full" {
    const { arena, outbox } = this.parts.buffer;
    const { batch } = this.parts.options;
    const size = lane.wide ? outbox.bodies.most : batch.bytes;
    const { most, used } = outbox.bodies;
    const whole = used + size > most ? undefined : arena.allocHigh(size);
    if (!whole) return this.lanes.noRoom(lane, this.slots);
    const limit = Math.min(batch.bytes, this.slots.bytesOf(lane, this.lanes, most), this.bodyLimit.bytes);
    const bytes = limit / this.expansionRatio;
    const lease = outbox.lease(lane.target, { bytes, records: lane.maxDocs, body: size }, lane.side);
    if (!lease) {
      arena.release(whole);
      return this.lanes.unready(lane);
    }
    const { side } = lease;
    const { chunks, docs } = lane.bodyOf(lease.chunks);
    const encoded = this.encode(whole, limit, lane, chunks, docs);
    if (encoded.docs === 0) return this.tooLarge(lane, lease, whole);
    // Give back the unused part of the body region now, not only when the request ends: others need it.
    const body = arena.cut(whole, encoded.bytes);
    outbox.useLess(lease, body.length);
    this.learn(encoded, chunks);
    outbox.giveBack(lease, lease.chunks.slice(encoded.runs.length));
    this.lanes.begun(lane, side);
    const sent = { chunks: chunks.slice(0, encoded.runs.length), runs: encoded.runs, target: encoded.target };
    const pass = this.breaker.pass(this.parts.clock.now()) as Pass;
    const request = this.request(lane, lease, sent, { body, encoded, pass })
      .catch((error: unknown) => this.fault.reject(error))
      .finally(() => this.requests.delete(request));
    this.requests.add(request);
    return "next";
  }

  /** Encodes a body within the limit, in bytes. A document above the limit goes alone. */
  private encode(body: Region, bytes: number, lane: Lane, chunks: readonly Chunk[], records: number): EncodedBody {
    const { encoder } = this.parts;
    const isLimited = bytes < body.length && !lane.wide;
    if (isLimited) {
      const part = encoder.encodeInto(body, chunks, records, bytes);
      if (part.docs > 0) return part;
    }
    return encoder.encodeInto(body, chunks, isLimited || lane.wide ? 1 : records);
  }

  /** A document too large for a usual body gets the whole quota for bodies. If even that is too small, it is dead-lettered. */
  private tooLarge(lane: Lane, lease: Lease, body: Region): "next" {
    const { arena, outbox } = this.parts.buffer;
    const { most } = outbox.bodies;
    arena.release(body);
    const chunk = lease.chunks[0] as Chunk;
    if (lane.wide && !outbox.mayRefuseOf(chunk, outbox.mayRefuse)) {
      this.lanes.failed(lane, "agent", NO_ROOM, "", 0);
    } else if (lane.wide) {
      const reason = `as a document the record takes more than the ${most} bytes that buffer.memory leaves to bodies`;
      const refusal = { status: 0, type: "document_too_large", reason, said: reason };
      refuseFirst(outbox, chunk, refusal, lane.target);
      this.metrics.items.refused++;
      this.refusals.note(lane.target, chunk.stock.input, 1, refusal, false);
    }
    this.lanes.widen(lane, lease.side);
    outbox.endLease(lease);
    return "next";
  }

  /** Updates the ratio of encoded to estimated bytes. */
  private learn({ bytes, runs }: EncodedBody, chunks: readonly Chunk[]): void {
    let estimated = 0;
    for (const [i, { docs }] of runs.entries()) {
      const chunk = chunks[i] as Chunk;
      estimated += (chunk.encodedEstimate * docs) / chunk.records;
    }
    this.expansionRatio = Math.max(0.25, 0.8 * this.expansionRatio + 0.2 * (bytes / estimated));
  }

  private async request(
    lane: Lane,
    lease: Lease,
    sent: Sent,
    { body, encoded, pass }: { readonly body: Region; readonly encoded: EncodedBody; readonly pass: Pass },
  ): Promise<void> {
    const { clock, output, buffer } = this.parts;
    const { arena, outbox } = buffer;
    arena.pin(body);
    this.cap.spend(encoded.bytes);
    this.metrics.started();
    const { signal, end } = this.slots.take(lane, pass.startedAt, lease.body);
    const inFlight = this.slots.size;
    const report = await output.send(encoded.target, arena.view(body), encoded.docs, signal);
    // First of all, free the slot for the next request.
    end(report.kind === "unanswered" ? "unanswered" : "answered", clock.now());
    arena.unpin(body);
    arena.release(body);
    const endedAt = clock.now();
    if (report.kind !== "unanswered") this.status.responded(endedAt - pass.startedAt);
    this.metrics.ended(report, encoded.docs, encoded.bytes, endedAt - pass.startedAt);
    const { startedAt } = pass;
    const { docs, bytes } = encoded;
    this.outcome.apply(lane, { ...sent, side: lease.side, docs, bytes, tookMs: endedAt - startedAt }, report);
    const ending = endingOf(report);
    // The failure of one target says nothing about the server while others store, nor does that of one document.
    const isOwn = report.kind !== "busy" && (lane.whole.isBeside || lane.suspects.has(sent.chunks[0]));
    // Nor does a request that was cancelled, unless nothing else is answered either.
    const isOver = this.abort.signal.aborted || this.slots.answeredSince(startedAt);
    const isCancelled = signal.aborted && report.kind === "unanswered" && isOver;
    const isAbandoned = isCancelled || (isOwn && ending === "failed");
    this.breaker.ended(pass, isAbandoned ? "abandoned" : ending, endedAt, askedMs(report));
    const load = isOverload(report) ? "overloaded" : "taken";
    if (report.kind !== "denied" && !isAbandoned) this.limiter.finished({ load, bytes, startedAt, endedAt, inFlight });
    this.lanes.ended(lane, this.breaker.circuit);
    outbox.endLease(lease);
  }

  /** No request is under way and no chunk is open. */
  get idle(): boolean {
    return this.requests.size === 0 && this.parts.buffer.open === 0;
  }
}
