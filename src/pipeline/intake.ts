// The way in, and the only place that waits for room: first for the ladder's gate, then for the buffer. Everything else
// that an input asks is a step on the buffer's books.
import type { Region } from "../core/arena.ts";
import type { Draft, Envelope } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { Intake, Urgency } from "../core/intake.ts";
import type { Identity, KnownSource, SourceId } from "../core/source.ts";
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import { admissible } from "../policy/acting.ts";
import type { Admission } from "./admission.ts";
import type { Ladders } from "./ladders.ts";

/** A shut gate is looked at again after this long, whatever happens. */
const LOOK_MS = 250;

export interface IntakeParts {
  readonly buffer: SpillBuffer;
  readonly ladders: Ladders;
  readonly admission: Admission;
  /** Ladder per input id. */
  readonly policyOf: ReadonlyMap<string, string>;
  /** Unread bytes of an input that would be lost if they were never read. */
  readonly atRisk: (input: string) => number;
}

export class PipelineIntake implements Intake {
  private readonly parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  known(input: string): readonly KnownSource[] {
    return this.parts.buffer.knownSources(input);
  }

  started(input: string): number | undefined {
    return this.parts.buffer.state.starts.of(input);
  }

  start(input: string, atMs: number): void {
    const { buffer } = this.parts;
    buffer.state.starts.add({ input, atMs });
    buffer.advance();
  }

  open(source: KnownSource, size: number): void {
    this.parts.buffer.openSource(source, size);
  }

  identify(source: SourceId, identity: Identity): void {
    this.parts.buffer.identify(source, identity);
  }

  envelope(facts: Omit<Envelope, "id">): Envelope {
    return this.parts.buffer.envelope(facts);
  }

  async room(input: string, bytes: number, signal: AbortSignal, urgency: Urgency = "none"): Promise<Region> {
    const { buffer } = this.parts;
    for (let ms = this.waitMs(input, urgency); ms > 0; ms = this.waitMs(input, urgency)) {
      await buffer.changes.wait(ms, signal);
      signal.throwIfAborted();
    }
    return buffer.room(bytes, signal);
  }

  /** How long to wait before looking again; 0: may read now. */
  private waitMs(input: string, urgency: Urgency): number {
    const { ladders, admission, atRisk } = this.parts;
    ladders.turn();
    const policy = this.policy(input);
    const now = ladders.acting(policy);
    const shut = now.intake !== "open" && !(urgency === "at-risk" && admissible(now, atRisk(input)) > 0);
    return shut ? LOOK_MS : Math.min(LOOK_MS, admission.waitMs(policy, now));
  }

  release(region: Region): void {
    this.parts.buffer.giveUp(region);
  }

  async admit(draft: Draft): Promise<void> {
    const { ladders, admission, buffer } = this.parts;
    const { policy } = draft.envelope;
    const { share } = ladders.of(policy);
    const now = ladders.acting(policy);
    if (draft.region) buffer.handOver(draft.region);
    const { draft: kept, keep } = admission.admit(draft, now, ladders.utilization(share));
    const answered = buffer.admit(kept, keep);
    ladders.turn();
    await answered;
  }

  gone(source: SourceId): void {
    this.parts.buffer.gone(source);
  }

  answered(source: SourceId): boolean {
    return this.parts.buffer.answered(source);
  }

  forget(source: SourceId): void {
    this.parts.buffer.forget(source);
  }

  private policy(input: string): string {
    const policy = this.parts.policyOf.get(input);
    assert(policy !== undefined, `input ${input} has no ladder`);
    return policy;
  }
}
