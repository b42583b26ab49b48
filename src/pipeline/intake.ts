// The entry to the pipeline. Readers wait here, and only here, for their ladder and for room. Drafts are sampled or turned away
// as their ladder says, and handed to the buffer. All other calls of an input go straight to the buffer.
import type { Region } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import type { Draft, Envelope } from "../core/chunk.ts";
import { SpillwayError, assert } from "../core/errors.ts";
import type { Intake, Urgency } from "../core/intake.ts";
import type { TargetOf } from "../core/output.ts";
import type { Identity, KnownSource, SourceId } from "../core/source.ts";
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Admission } from "./admission.ts";
import type { Ladders } from "./ladders.ts";
import { ReadQueue, type Request, type WaitReason } from "./read-queue.ts";

export interface IntakeParts {
  readonly clock: Clock;
  readonly buffer: SpillBuffer;
  readonly ladders: Ladders;
  readonly admission: Admission;
  readonly targetOf: TargetOf;
  /** Ladder per input id. */
  readonly policyOf: ReadonlyMap<string, string>;
}

/**
 * The next records of an input are expected to go to the targets of its last draft and of its drafts within this time. An older
 * target does not hold the input back: it may be the index of yesterday.
 */
const RECENT_MS = 30_000;
/** Most recent targets of an input that count. */
const MOST_RECENT = 64;

export class PipelineIntake implements Intake {
  private readonly parts: IntakeParts;
  private readonly readers: ReadQueue;
  /** By input: its recent targets, the last one at the end, and when its last draft for each came (monotonic). */
  private readonly recent = new Map<string, Map<string, number>>();

  constructor(parts: IntakeParts) {
    this.parts = parts;
    this.readers = new ReadQueue(parts.clock, (request) => this.grant(request));
    parts.buffer.changes.listen(() => this.readers.serve());
  }

  known(input: string): readonly KnownSource[] {
    return this.parts.buffer.sources.known(input);
  }

  started(input: string): number | undefined {
    return this.parts.buffer.sources.startedAt(input);
  }

  start(input: string, atMs: number): void {
    this.parts.buffer.sources.start(input, atMs);
  }

  open(source: KnownSource, size: number): void {
    this.parts.buffer.sources.open(source, size);
  }

  identify(source: SourceId, identity: Identity): void {
    this.parts.buffer.sources.identify(source, identity);
  }

  envelope(facts: Omit<Envelope, "id">): Envelope {
    return this.parts.buffer.sources.envelope(facts);
  }

  room(input: string, bytes: number, signal: AbortSignal, urgency: Urgency = "none"): Promise<Region> {
    return this.readers.take({ input, bytes, urgency }, signal);
  }

  /** Why each waiting input waits. */
  waiting(): ReadonlyMap<string, WaitReason> {
    return this.readers.reasons();
  }

  /** Serves waiting readers that may read now. */
  serve(): void {
    this.readers.serve();
  }

  private grant({ input, bytes, urgency }: Request): Region | WaitReason {
    const { buffer, ladders, admission } = this.parts;
    const policy = this.policy(input);
    const targets = this.targets(input);
    const now = ladders.actingOn(policy, targets);
    if (now.limited) return "limit";
    const risky = now.intake !== "open";
    if (risky && !(urgency === "at-risk" && ladders.mayGrantAtRisk(policy))) return "gate";
    if (admission.waitMs(policy, now) > 0) return "rate";
    const region = buffer.reserve({ input, policy, targets, bytes });
    if (risky && typeof region !== "string") ladders.grantAtRisk(policy, bytes);
    return region;
  }

  /** The targets to which the input's next records may go, the likeliest first. */
  private targets(input: string): readonly string[] {
    const recent = this.recent.get(input);
    if (!recent) return [];
    const since = this.parts.clock.now() - RECENT_MS;
    for (const [target, atMs] of recent) if (atMs < since && recent.size > 1) recent.delete(target);
    return [...recent.keys()].reverse();
  }

  private wentTo(input: string, target: string): void {
    let recent = this.recent.get(input);
    if (!recent) this.recent.set(input, (recent = new Map()));
    recent.delete(target);
    recent.set(target, this.parts.clock.now());
    if (recent.size > MOST_RECENT) recent.delete(recent.keys().next().value as string);
  }

  release(region: Region): void {
    this.parts.buffer.giveUp(region);
  }

  async admit(draft: Draft): Promise<void> {
    const { ladders, admission, buffer, targetOf } = this.parts;
    const { policy, input } = draft.envelope;
    if (draft.region) buffer.endReservation(draft.region);
    const target = targetOf(draft.envelope, draft.readAtMs);
    const { draft: kept, keep } = admission.admit(
      draft,
      ladders.actingOn(policy, [target]),
      ladders.utilization(policy),
    );
    this.wentTo(input, target);
    const answered = buffer.admit({ draft: kept, target, keep });
    ladders.update(policy);
    await answered;
  }

  gone(source: SourceId): void {
    this.parts.buffer.sources.gone(source);
  }

  found(source: SourceId): void {
    this.parts.buffer.sources.found(source);
  }

  answered(source: SourceId): boolean {
    return this.parts.buffer.sources.answered(source);
  }

  forget(source: SourceId): void {
    this.parts.buffer.sources.forget(source);
  }

  private policy(input: string): string {
    const policy = this.parts.policyOf.get(input);
    assert(policy !== undefined, `input ${input} has no ladder`);
    return policy;
  }

  /** Stops reading: rejects every waiting reader. */
  close(): void {
    this.readers.close(new SpillwayError("stopping", "the buffer is stopping and takes nothing new"));
  }
}
