// What a draft keeps, as its ladder says at this moment: sampled, rate-limited, or turned away whole. One synchronous
// step; what is not kept is counted in the draft, so that the buffer's books see it read and shed together.
import type { Arena, Region } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import { type Draft, TABLE_ENTRY } from "../core/chunk.ts";
import { type Count, DROPPED_NEWEST, DROPPED_RATE, type Fate, SAMPLED } from "../core/fate.ts";
import type { RateLimitRung, SampleRung } from "../core/options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Acting, turnsAway } from "../policy/acting.ts";
import { thinning } from "../policy/sample.ts";
import { Meter } from "./meter.ts";

export interface Admitted {
  readonly draft: Draft;
  /** One in `keep` was kept; 0 when nothing was sampled. */
  readonly keep: number;
}

export class Admission {
  private readonly arena: Arena;
  private readonly kernel: Kernel;
  private readonly clock: Clock;
  /** By ladder; a ladder has at most one rate-limit rung. */
  private readonly meters = new Map<string, Meter>();

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
    const { region, table } = draft;
    if (now.sample === undefined || table !== undefined) return { draft, keep: 0 };
    return this.thin({ ...draft, region }, now.sample);
  }

  /** Milliseconds for which a ladder's rate-limit rung makes intake wait. */
  waitMs(policy: string, now: Acting): number {
    return now.rate?.excess === "wait" ? this.meter(policy, now.rate).waitMs(this.clock.now()) : 0;
  }

  private pays(draft: Draft, rung: RateLimitRung): boolean {
    const meter = this.meter(draft.envelope.policy, rung);
    const bytes = draft.end - draft.start;
    if (rung.excess === "drop") return meter.takes(this.clock.now(), bytes);
    meter.charge(this.clock.now(), bytes);
    return true;
  }

  private meter(policy: string, rung: RateLimitRung): Meter {
    let meter = this.meters.get(policy);
    if (!meter) this.meters.set(policy, (meter = new Meter(rung, this.clock.now())));
    return meter;
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

  /** Without room for the table nothing is sampled: what cannot be thinned is kept. */
  private thin(draft: Draft & { region: Region }, rung: SampleRung): Admitted {
    const { arena } = this;
    const table = arena.alloc(draft.records * TABLE_ENTRY);
    if (table === undefined) return { draft, keep: 0 };
    const { source, start, records, region } = draft;
    const rule = thinning(source, rung);
    const thinned = this.kernel.thin({ src: region, records, base: start, table, ...rule, weight: rung.keep });
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
