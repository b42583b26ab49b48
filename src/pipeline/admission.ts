// Applies the current rungs of a ladder to a draft, in one synchronous step: the draft is kept, sampled, or turned away whole.
// Shed records are counted in the draft, so that the buffer counts them as read and as shed together.
import type { Arena, Region } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import { type Draft, TABLE_ENTRY } from "../core/chunk.ts";
import { type Count, DROPPED_NEWEST, DROPPED_RATE, type Fate, SAMPLED } from "../core/fate.ts";
import type { RateLimitRung, SampleRung } from "../core/options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Acting, turnsAway } from "../policy/acting.ts";
import { thinning } from "../policy/sample.ts";
import { type Bucket, charge, fullBucket, waitMs } from "../policy/token-bucket.ts";

export interface Admitted {
  readonly draft: Draft;
  /** One record in `keep` was kept; 0: the draft was not sampled. */
  readonly keep: number;
}

export class Admission {
  private readonly arena: Arena;
  private readonly kernel: Kernel;
  private readonly clock: Clock;
  /** By ladder, since a ladder has at most one rate-limit rung. */
  private readonly buckets = new Map<string, Bucket>();

  constructor(arena: Arena, kernel: Kernel, clock: Clock) {
    this.arena = arena;
    this.kernel = kernel;
    this.clock = clock;
  }

  /** @param utilization of the ladder's share */
  admit(draft: Draft, now: Acting, utilization: number): Admitted {
    if (draft.region === undefined) return { draft, keep: 0 };
    if (now.drop && turnsAway(now.drop, utilization)) {
      return { draft: this.turnAway(draft, DROPPED_NEWEST), keep: 0 };
    }
    if (now.rate && !this.pays(draft, now.rate)) return { draft: this.turnAway(draft, DROPPED_RATE), keep: 0 };
    if (now.sample === undefined) return { draft, keep: 0 };
    return this.thin({ ...draft, region: draft.region }, now.sample);
  }

  /** Milliseconds for which a ladder's rate-limit rung holds intake: until the bucket has paid for the bytes admitted before. */
  waitMs(policy: string, { rate }: Acting): number {
    if (rate?.excess !== "wait") return 0;
    const now = this.clock.now();
    return waitMs(rate, this.bucket(policy, rate, now), now, 0);
  }

  /** Charges a draft as a whole. A draft larger than the bucket needs a full bucket, and the rest becomes debt. */
  private pays(draft: Draft, rung: RateLimitRung): boolean {
    const { policy } = draft.envelope;
    const now = this.clock.now();
    const bytes = draft.end - draft.start;
    const bucket = this.bucket(policy, rung, now);
    if (rung.excess === "drop" && waitMs(rung, bucket, now, bytes) > 0) return false;
    this.buckets.set(policy, charge(rung, bucket, now, bytes));
    return true;
  }

  private bucket(policy: string, rung: RateLimitRung, now: number): Bucket {
    return this.buckets.get(policy) ?? fullBucket(rung, now);
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

  /** Samples a draft. If the arena has no room for the record table, the whole draft is kept. */
  private thin(draft: Draft & { region: Region }, rung: SampleRung): Admitted {
    const { arena } = this;
    const table = draft.table ?? arena.alloc(draft.records * TABLE_ENTRY);
    if (table === undefined) return { draft, keep: 0 };
    const { source, start, records, region } = draft;
    const rule = thinning(source, rung);
    const job = { src: region, records, base: start, table, ...rule, weight: rung.keep };
    const thinned = draft.table === undefined ? this.kernel.thin(job) : this.kernel.thinTable(job);
    const counted = new Map(draft.counted);
    add(counted, SAMPLED, { records: thinned.sampledRecords, bytes: thinned.sampledBytes });
    if (thinned.records === 0) {
      arena.release(region);
      arena.release(table);
      return { draft: { ...draft, records: 0, region: undefined, table: undefined, counted }, keep: rung.keep };
    }
    arena.shrink(region, thinned.bytes);
    arena.shrink(table, thinned.records * TABLE_ENTRY);
    return { draft: { ...draft, records: thinned.records, table, counted }, keep: rung.keep };
  }
}

function add(to: Map<Fate, Count>, fate: Fate, count: Count): void {
  const before = to.get(fate);
  to.set(fate, { records: count.records + (before?.records ?? 0), bytes: count.bytes + (before?.bytes ?? 0) });
}
