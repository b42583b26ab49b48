// Applies the report of a request: to its documents, which are settled or stay open, to their lane, and to the size of bodies.
// Invariant: exactly one of these methods settles a document of the body or leaves it open.
import type { Chunk, Side } from "../buffer/chunk.ts";
import type { Outbox } from "../buffer/outbox.ts";
import type { Clock } from "../core/clock.ts";
import { OPEN } from "../core/fate.ts";
import type { Log } from "../core/log.ts";
import { REFUSED, RETRY, type Refusal, type SendReport, STORED, UNCLEAR } from "../core/output.ts";
import { type Condemns, type Sent, refuseFirst, settleMixed, settleStored } from "./settle-body.ts";
import type { BodyLimit } from "./body-limit.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { OutputMetrics } from "./output-metrics.ts";
import type { OutputStatus } from "./output-status.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { askedMs } from "./reports.ts";

export interface OutcomeParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly lanes: Lanes;
  readonly status: OutputStatus;
  readonly metrics: OutputMetrics;
  readonly limit: BodyLimit;
  readonly refusals: RefusalLog;
}

/** A request that has ended. */
export interface Ended extends Sent {
  readonly side: Side;
  readonly docs: number;
  /** Encoded bytes of its body. */
  readonly bytes: number;
  readonly tookMs: number;
}

type Mixed = Extract<SendReport, { kind: "mixed" }>;
type Whole = Extract<SendReport, { kind: "denied" | "unanswered" }>;
type Indigestible = Extract<SendReport, { kind: "indigestible" }>;

export const NO_ROOM = "too many dead letters wait for a commit of the state database";
/** A response that comes later is no refusal: a proxy may send the same page when the server behind it hangs. */
const PROMPT_MS = 5000;
/** Time between two tries of a suspect, and between those of suspects and of other documents while nothing is stored. */
const SLOW_MS = 10_000;
const NEXT_MS = 1000;
/** No server refuses a document of less than this for its size. A 413 for one has another cause. */
const NEVER_TOO_LARGE = 4096;

export class Outcome {
  private readonly parts: OutcomeParts;

  constructor(parts: OutcomeParts) {
    this.parts = parts;
  }

  apply(lane: Lane, ended: Ended, report: SendReport): void {
    const { outbox, lanes, status, limit } = this.parts;
    switch (report.kind) {
      case "stored":
        limit.took(ended.bytes);
        this.parts.metrics.failureStored += report.failureStored ?? 0;
        lane.unclearRefusals.responded(true, this.parts.clock.now());
        lane.refused(0, this.parts.clock.now());
        lane.docLimit.went(ended.docs);
        for (const chunk of ended.chunks) lane.unclearRefusals.took(chunk);
        settleStored(outbox, ended);
        lane.suspects.stored(ended.bytes);
        return lanes.progressed(lane, 0, ended.docs);
      case "mixed":
        limit.took(ended.bytes);
        this.parts.metrics.failureStored += report.failureStored ?? 0;
        return this.mixed(lane, ended, report);
      case "indigestible":
        return this.indigestible(lane, ended, report);
      case "denied":
        if (report.mayBeStored) for (const chunk of ended.chunks) outbox.mayBeStored(chunk);
        return this.whole(lane, ended, report);
      case "busy":
        if (report.isPressure) limit.busy(ended.bytes);
        status.busy(report.why);
        this.noneStored(lane, ended);
        return lanes.failed(lane, "server", report.why, "", askedMs(report));
      case "unanswered":
        if (report.sent === "nothing") status.unreachable();
        else for (const chunk of ended.chunks) outbox.mayBeStored(chunk);
        return this.whole(lane, ended, report);
    }
  }

  private noneStored(lane: Lane, { chunks }: Ended): void {
    if (!lane.suspects.has(chunks[0])) lane.suspects.failed();
  }

  /** A whole request failed. After many failures, a document may be the cause: bodies are halved until it stands alone. */
  private whole(lane: Lane, ended: Ended, report: Whole): void {
    const { outbox, lanes, clock } = this.parts;
    const { why, rejection } = report;
    const [by, hint] = report.kind === "denied" ? [report.by, report.hint] : (["server", ""] as const);
    const chunk = ended.chunks[0] as Chunk;
    const isRejected = rejection !== undefined && ended.tookMs < PROMPT_MS;
    const isSuspect = ended.docs === 1 && lane.suspects.has(chunk);
    const isSearched = isRejected && (lane.suspects.repeats(chunk, clock.now()) || lane.isRejected);
    if (!isSuspect && !(isSearched && ended.docs === 1)) {
      if (isSearched) lane.halve(ended.docs, ended.side, clock.now());
      lane.suspects.failed();
      return lanes.failed(lane, by, why, hint, askedMs(report));
    }
    const record = chunk.fates?.indexOf(OPEN) ?? 0;
    const how = isRejected ? lane.suspects.refused(chunk, record, rejection.host, ended.bytes) : "quiet";
    if (how === "condemned" && outbox.mayRefuseOf(chunk, outbox.mayRefuse)) {
      lane.suspects.condemned(chunk);
      return this.refuse(lane, ended, rejection?.refusal as Refusal);
    }
    // Keeps the chunk itself: one that is loaded again later would be no suspect.
    outbox.mayBeStored(chunk);
    lanes.suspected(lane, how === "quiet", why, hint);
    // At random, because faults may recur at regular times.
    if (how !== "quiet") return outbox.park(chunk, clock.now() + SLOW_MS * (0.75 + clock.random() / 2));
    // The next try is one with a document of another chunk, if there is one.
    const next = Math.max(clock.now(), lane.retryAt) + NEXT_MS;
    for (const one of lane.suspects.all) outbox.park(one, Math.max(one.waitsUntil, next));
  }

  private mixed(
    lane: Lane,
    ended: Ended,
    report: Mixed,
    condemns: Condemns = (chunk, record, refusal) => lane.unclearRefusals.condemns(chunk, record, refusal),
  ): void {
    const { outbox, lanes, clock } = this.parts;
    const now = clock.now();
    const { unclearRefusals } = lane;
    unclearRefusals.responded(report.verdicts.includes(STORED), now);
    noteResistance(lane, ended, report);
    const judged = alone(lane, ended, report);
    const { settled, rest, last, unkept, unexpected, refused } = settleMixed(outbox, ended, judged, condemns);
    if (report.verdicts.includes(STORED)) lane.suspects.stored(ended.bytes);
    else this.noneStored(lane, ended);
    if (unexpected > 0) this.unexpected(unexpected);
    const whole = ended.docs > 1 && report.verdicts.every((verdict) => verdict === REFUSED);
    let deadLetters = unkept;
    for (const [input, { documents, first }] of refused) {
      deadLetters += documents;
      this.parts.refusals.note(ended.target, input, documents, first, whole);
    }
    lane.refused(deadLetters / ended.docs, now);
    if (settled > 0) {
      if (rest === 0 || settled < last) lane.docLimit.went(ended.docs);
      else if (report.busy || unkept > 0) lane.docLimit.stopped(settled);
      lanes.progressed(lane, (ended.tookMs * rest) / (2 * settled), settled);
    } else if (unkept === ended.docs) lanes.failed(lane, "agent", NO_ROOM, "", 0);
    else {
      if (report.busy) this.parts.status.busy(report.why);
      // With unclear verdicts it is no failure of the target alone: other documents have to be tried too, and a stuck target would
      // be probed with one chunk only.
      const by = judged.verdicts.includes(UNCLEAR) ? "unclear" : "target";
      lanes.failed(lane, by, report.why, report.hint, 0);
    }
    // The target's other documents are sent first.
    const after = Math.max(now, lane.retryAt);
    for (const [chunk, ms] of unclearRefusals.again(() => clock.random())) outbox.park(chunk, after + ms);
  }

  private indigestible(lane: Lane, ended: Ended, { refusal, why, isCertain, otherHost }: Indigestible): void {
    const { outbox, lanes, limit } = this.parts;
    if (ended.docs > 1) {
      if (why === "content" || !limit.tooLarge(ended.bytes)) lane.halve(ended.docs, ended.side, this.parts.clock.now());
      return;
    }
    const chunk = ended.chunks[0] as Chunk;
    if (!isCertain || (why === "size" && ended.bytes < NEVER_TOO_LARGE)) {
      const verdicts = Uint8Array.of(UNCLEAR);
      const said = `the server answers ${refusal.status} ${refusal.type}`;
      const report = { kind: "mixed", verdicts, refusals: new Map([[0, refusal]]), busy: false } as const;
      const record = chunk.fates?.indexOf(OPEN) ?? 0;
      const { searchedSince } = lane;
      const spares: Condemns = (one) => lane.unclearRefusals.spares(one);
      const condemns = otherHost === undefined ? undefined : spares;
      this.mixed(lane, ended, { ...report, why: said, hint: "see the server's own log" }, condemns);
      return lane.unclearRefusals.unreadable(chunk, record, searchedSince);
    }
    if (!outbox.mayRefuseOf(chunk, outbox.mayRefuse)) return lanes.failed(lane, "agent", NO_ROOM, "", 0);
    this.refuse(lane, ended, refusal);
  }

  /** The only document of a body becomes a dead letter. */
  private refuse(lane: Lane, { chunks, target }: Ended, refusal: Refusal): void {
    const chunk = chunks[0] as Chunk;
    refuseFirst(this.parts.outbox, chunk, refusal, target);
    this.parts.refusals.note(target, chunk.stock.input, 1, refusal, false);
    this.parts.metrics.items.refused++;
    this.parts.lanes.progressed(lane, 0, 1);
  }

  private unexpected(documents: number): void {
    this.parts.metrics.unexpectedDuplicates += documents;
    const sentence = `${documents} documents were in the index already, though nothing sent before could have stored them`;
    this.parts.log.warn("unexpected_duplicates", `${sentence}; does another agent write the same ids?`, { documents });
  }
}

/** Notes which chunks have only errors that are temporary unless a document causes them, and which chunks had a document stored. */
function noteResistance(lane: Lane, { chunks, runs }: Ended, { verdicts, refusals }: Mixed): void {
  let first = 0;
  for (const [i, { docs }] of runs.entries()) {
    const chunk = chunks[i] as Chunk;
    const own = verdicts.subarray(first, first + docs);
    if (own.includes(STORED)) lane.unclearRefusals.took(chunk);
    else if (own.every((verdict, doc) => verdict === RETRY && refusals.has(first + doc)))
      lane.unclearRefusals.refused(chunk);
    first += docs;
  }
}

/** A document of a resisting chunk that was sent alone counts as unclear if it has that error again. */
function alone(lane: Lane, { chunks, docs }: Ended, report: Mixed): Mixed {
  const isSuspect = docs === 1 && report.verdicts[0] === RETRY && report.refusals.has(0);
  if (!isSuspect || !lane.unclearRefusals.resists(chunks[0] as Chunk)) return report;
  return { ...report, verdicts: Uint8Array.of(UNCLEAR) };
}
