// The way out: leases chunks, encodes, sends, settles. Up to `limit` requests at once, each the affair of one lease. What
// must hold: nothing is sent that was settled or evicted meanwhile (each attempt encodes what is open at that moment); a
// body region lives for one attempt; whatever the server says, every leased record is settled or given back.
import type { Arena, Region } from "../core/arena.ts";
import { type Chunk, encodedEstimate } from "../buffer/chunk.ts";
import { beginSend, endLease, endSend, giveBack, takeLease } from "../buffer/lease.ts";
import type { Lease } from "../buffer/chunk.ts";
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Clock } from "../core/clock.ts";
import { SpillwayError } from "../core/errors.ts";
import { DEAD } from "../core/fate.ts";
import type { Log } from "../core/log.ts";
import type { OutputOptions } from "../core/options.ts";
import { type Output, RETRY, type SendReport } from "../core/output.ts";
import { backoff } from "../outputs/elasticsearch/backoff.ts";
import type { EncodedBody, Encoder, Piece } from "../outputs/elasticsearch/encoder.ts";
import { bury, pieceOf, settleMixed, settleStored } from "./pieces.ts";
import { Sink } from "./sink.ts";
import { settleRun } from "../buffer/state.ts";

export interface DeliveryParts {
  readonly clock: Clock;
  readonly arena: Arena;
  readonly buffer: SpillBuffer;
  readonly encoder: Encoder;
  readonly output: Output;
  readonly options: OutputOptions;
  readonly log: Log;
}

/** follow: a batch waits for its size or its age. flush: whatever is there goes at once. stopped: nothing goes. */
type Phase = "follow" | "flush" | "stopped";

export class Delivery {
  readonly sink: Sink;
  private readonly parts: DeliveryParts;
  private readonly abort = new AbortController();
  private readonly shipping = new Set<Promise<void>>();
  private phase: Phase = "follow";
  private running: Promise<void> | undefined;
  /** A lease that needs the whole bodies quota for one large document: no other starts meanwhile. */
  private growing: Lease | undefined;
  /** Leases that wait to be sent again. */
  retrying = 0;

  constructor(parts: DeliveryParts) {
    this.parts = parts;
    this.sink = new Sink(parts);
  }

  start(): void {
    this.running = this.run();
  }

  /** From now on nothing waits for a batch to fill up. */
  flush(): void {
    if (this.phase === "follow") this.phase = "flush";
    this.parts.buffer.changes.notify();
  }

  /** Ends all attempts; what is under way counts as an answer lost. */
  async stop(): Promise<void> {
    this.phase = "stopped";
    this.abort.abort(new SpillwayError("stopping", "spillway is stopping"));
    this.parts.buffer.changes.notify();
    await this.running;
  }

  private async run(): Promise<void> {
    const { buffer } = this.parts;
    await this.sink.connect(this.abort.signal);
    while (this.phase !== "stopped") {
      const lease = this.next();
      if (lease) this.ship(lease);
      else await buffer.changes.wait(this.patience(), this.abort.signal);
    }
    await Promise.all(this.shipping);
  }

  /** A lease, when one may start now and a batch is due. */
  private next(): Lease | undefined {
    const { buffer, clock, options } = this.parts;
    const oldest = buffer.state.ready.first;
    if (oldest === undefined || this.growing) return undefined;
    if (this.shipping.size >= this.sink.limit) return undefined;
    const { records, age } = options.batch;
    const bytes = options.batch.bytes / this.sink.swelling;
    const { ready, quotas } = buffer.state;
    const full = ready.weight >= bytes || ready.size >= quotas.chunks;
    const due = full || clock.now() - oldest.bornMs >= age || this.phase === "flush";
    if (!due || !this.sink.tries) return undefined;
    const lease = takeLease(buffer.state, { bytes, records, body: options.batch.bytes });
    if (lease) this.sink.admit();
    return lease;
  }

  /** How long the loop may sleep when nothing happens. */
  private patience(): number {
    const oldest = this.parts.buffer.state.ready.first;
    if (oldest === undefined) return 1000;
    const age = this.parts.clock.now() - oldest.bornMs;
    return Math.max(5, Math.min(1000, this.parts.options.batch.age - age));
  }

  private ship(lease: Lease): void {
    const shipping = this.deliver(lease).finally(() => {
      if (this.growing === lease) this.growing = undefined;
      endLease(this.parts.buffer.state, lease);
      this.sink.ended();
      this.shipping.delete(shipping);
      this.parts.buffer.advance();
    });
    this.shipping.add(shipping);
  }

  /** Attempts until nothing of the lease is open, or a stop. */
  private async deliver(lease: Lease): Promise<void> {
    const { buffer, clock, options } = this.parts;
    let failures = 0;
    let maxDocs = options.batch.records;
    while (lease.chunks.length > 0 && this.phase !== "stopped") {
      const outcome = await this.attempt(lease, maxDocs);
      // Nothing is freed by a lease that waits. Two of them that told so would wake each other without end, and no
      // answer would ever be read from a socket again.
      if (outcome !== "wait") buffer.advance();
      if (outcome === "settled") {
        failures = 0;
        maxDocs = options.batch.records;
      } else if (typeof outcome === "object") {
        maxDocs = outcome.maxDocs;
      } else if (outcome === "wait") {
        await buffer.changes.wait(50, this.abort.signal);
      } else {
        this.retrying++;
        await this.sink.pause(backoff(++failures, clock.random(), this.sink.askedMs), this.abort.signal);
        this.retrying--;
      }
    }
  }

  /** settled: all sent records have their fate. retry: some are open. wait: nothing could be sent. Or: smaller bodies. */
  private async attempt(lease: Lease, maxDocs: number): Promise<"settled" | "retry" | "wait" | { maxDocs: number }> {
    const { arena, buffer, encoder } = this.parts;
    const { state } = buffer;
    const body = arena.allocHigh(lease.body);
    if (body === undefined) return "wait";
    if (!beginSend(state, lease)) {
      arena.release(body);
      return "wait";
    }
    const chunks = lease.chunks.slice();
    const pieces = chunks.map(pieceOf);
    const encoded = encoder.encodeInto(body, pieces, maxDocs);
    if (encoded.docs === 0) {
      arena.release(body);
      endSend(state, lease);
      return this.widen(lease, chunks[0] as Chunk);
    }
    const sent = chunks.slice(0, encoded.runs.length);
    this.sink.learn(encoded.bytes, estimate(sent, encoded));
    giveBack(state, lease, chunks.slice(encoded.runs.length));
    const report = await this.send(body, encoded);
    const outcome = this.apply(report, sent, pieces, encoded);
    endSend(state, lease);
    return outcome;
  }

  private async send(body: Region, encoded: EncodedBody): Promise<SendReport> {
    const { arena } = this.parts;
    // Not needed any more, and in the way of the next batch.
    arena.shrink(body, encoded.bytes);
    arena.pin(body);
    try {
      const view = arena.view(body);
      return await this.sink.send(encoded.target, view, encoded.docs, this.abort.signal);
    } finally {
      arena.unpin(body);
      arena.release(body);
    }
  }

  private apply(
    report: SendReport,
    chunks: readonly Chunk[],
    pieces: readonly Piece[],
    encoded: EncodedBody,
  ): "settled" | "retry" | { maxDocs: number } {
    const { state } = this.parts.buffer;
    const { runs, docs } = encoded;
    if (report.kind === "stored" || report.kind === "mixed") state.lastTake = state.clock.now();
    if (report.kind === "stored") {
      settleStored(state, chunks, runs);
      return "settled";
    }
    if (report.kind === "mixed") {
      const unexpected = settleMixed(state, chunks, pieces, runs, report);
      if (unexpected > 0) this.sink.unexpected(unexpected);
      return report.verdicts.includes(RETRY) ? "retry" : "settled";
    }
    if (report.kind === "unanswered" && report.sent !== "nothing") for (const c of chunks) c.maybe = true;
    if (report.kind !== "indigestible") return "retry";
    if (docs > 1) return { maxDocs: Math.ceil(docs / 2) };
    state.lastTake = state.clock.now();
    return this.refuseFirst(chunks[0] as Chunk, report.refusal);
  }

  /** The first open record of the chunk alone is more than the server, or a body, can take. */
  private refuseFirst(chunk: Chunk, refusal: Parameters<typeof bury>[3]): "settled" {
    const { state } = this.parts.buffer;
    const record = chunk.fates ? chunk.fates.indexOf(0) : 0;
    bury(state, chunk, record, refusal);
    settleRun(state, chunk, record, record + 1, DEAD);
    this.sink.refused(1);
    return "settled";
  }

  /** One document does not fit into a body: it may have all bodies, when it is alone; else it can never leave. */
  private widen(lease: Lease, chunk: Chunk): "settled" | "wait" {
    const { state } = this.parts.buffer;
    const { bodies } = state.quotas;
    if (lease.body >= bodies) {
      const reason = `as a document the record takes more than the ${bodies} bytes that \`buffer.memory\` leaves to bodies`;
      return this.refuseFirst(chunk, { status: 0, type: "document_too_large", reason });
    }
    this.growing = lease;
    if (state.bodies > lease.body) return "wait";
    state.bodies += bodies - lease.body;
    lease.body = bodies;
    return "settled";
  }

  /** Nothing is leased and nothing is ready. */
  get idle(): boolean {
    return this.shipping.size === 0 && this.parts.buffer.state.open === 0;
  }
}

/** What the sent documents were estimated at. */
function estimate(chunks: readonly Chunk[], { runs }: EncodedBody): number {
  let bytes = 0;
  for (const run of runs) {
    const chunk = chunks[run.piece] as Chunk;
    bytes += (encodedEstimate(chunk) * run.docs) / chunk.records;
  }
  return bytes;
}
