// What a draft keeps, as its ladder says at this moment: sampled, rate-limited, or turned away whole. One synchronous
// step; what is not kept is counted in the draft, so that the buffer's books see it read and shed together.
import type { Arena } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import type { Draft } from "../core/chunk.ts";
import { type Count, DROPPED_NEWEST, DROPPED_RATE, type Fate, SAMPLED } from "../core/fate.ts";
import type { RateLimitRung } from "../core/options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Acting } from "../policy/acting.ts";
import { thinning } from "../policy/sample.ts";
import { type Bucket, fullBucket, take } from "../policy/token-bucket.ts";

export interface Admitted {
  readonly draft: Draft;
  /** One in `keep` was kept; 0 when nothing was sampled. */
  readonly keep: number;
}

export class Admission {
  private readonly arena: Arena;
  private readonly kernel: Kernel;
  private readonly clock: Clock;
  private readonly buckets = new Map<string, Bucket>();

  constructor(arena: Arena, kernel: Kernel, clock: Clock) {
    this.arena = arena;
    this.kernel = kernel;
    this.clock = clock;
  }

  /** @param full the share has no room above its drop-newest mark */
  admit(draft: Draft, now: Acting, full: boolean): Admitted {
    if (draft.region === undefined) return { draft, keep: 0 };
    if (now.drop?.action === "drop-newest" && full) return { draft: this.turnAway(draft, DROPPED_NEWEST), keep: 0 };
    if (now.rate?.excess === "drop" && !this.granted(draft, now.rate)) {
      return { draft: this.turnAway(draft, DROPPED_RATE), keep: 0 };
    }
    if (now.sample === undefined || draft.table !== undefined) return { draft, keep: 0 };
    return { draft: this.thin(draft, now.sample), keep: now.sample.keep };
  }

  private granted(draft: Draft, rung: RateLimitRung): boolean {
    const key = draft.envelope.policy;
    const at = this.clock.now();
    const bytes = draft.end - draft.start;
    const { bucket, granted } = take(rung, this.buckets.get(key) ?? fullBucket(rung, at), at, bytes);
    if (granted < bytes) return false;
    this.buckets.set(key, bucket);
    return true;
  }

  private turnAway(draft: Draft, fate: Fate): Draft {
    const counted = new Map(draft.counted);
    let bytes = draft.end - draft.start;
    for (const count of draft.counted.values()) bytes -= count.bytes;
    add(counted, fate, { records: draft.records, bytes });
    this.release(draft);
    return { ...draft, records: 0, region: undefined, table: undefined, counted };
  }

  private release(draft: Draft): void {
    if (draft.region) this.arena.release(draft.region);
    if (draft.table) this.arena.release(draft.table);
  }

  private thin(draft: Draft, rung: Parameters<typeof thinning>[1]): Draft {
    return thinDraft(this.arena, this.kernel, draft, thinning(draft.source, rung));
  }
}

function thinDraft(arena: Arena, kernel: Kernel, draft: Draft, rule: ReturnType<typeof thinning>): Draft {
  void [arena, kernel, rule, SAMPLED];
  return draft;
}

function add(to: Map<Fate, Count>, fate: Fate, count: Count): void {
  const before = to.get(fate);
  to.set(fate, { records: count.records + (before?.records ?? 0), bytes: count.bytes + (before?.bytes ?? 0) });
}
