// Which rung each ladder in use stands on, and what follows from it now. The one place that ties the pure policy to the
// real buffer: it hands in time and utilization, evicts what a drop rung has to let go, and tells of each transition.
import type { SpillBuffer } from "../buffer/spill-buffer.ts";
import { evict } from "../buffer/evict.ts";
import type { Share } from "../buffer/shares.ts";
import type { Clock } from "../core/clock.ts";
import { assert } from "../core/errors.ts";
import type { Ladder } from "../core/options.ts";
import { type Acting, acting, excess } from "../policy/acting.ts";
import { NO_TREND, type Trend, observe } from "../policy/forecast.ts";
import { type Standing, type Transition, decide, standing, transition } from "../policy/keeper.ts";

export interface LadderState {
  readonly policy: string;
  readonly ladder: Ladder;
  readonly share: Share;
  standing: Standing;
  /** Wall clock of the last transition. */
  sinceWallMs: number;
  /** Where the level is going. */
  trend: Trend;
}

export interface LaddersParts {
  readonly clock: Clock;
  readonly buffer: SpillBuffer;
  /** Ladders in use, by name. */
  readonly policies: ReadonlyMap<string, Ladder>;
  /** Unread bytes, per ladder, that would be lost if they were never read. */
  readonly atRisk: (policy: string) => number;
  readonly changed: (ladder: LadderState, transition: Transition) => void;
}

export class Ladders {
  private readonly parts: LaddersParts;
  private readonly states = new Map<string, LadderState>();

  constructor(parts: LaddersParts) {
    this.parts = parts;
    const { clock, buffer, policies } = parts;
    for (const [policy, ladder] of policies) {
      const share = buffer.state.shares.get(policy);
      assert(share !== undefined, `ladder ${policy} has no share`);
      const state = {
        policy,
        ladder,
        share,
        standing: standing(clock.now()),
        sinceWallMs: clock.wall(),
        trend: NO_TREND,
      };
      this.states.set(policy, state);
    }
  }

  all(): IterableIterator<LadderState> {
    return this.states.values();
  }

  /** Bytes of the budget that binds: the disk's, or the memory's when nothing can be written. */
  budget(share: Share): number {
    return share.ratio * this.parts.buffer.budget();
  }

  utilization(share: Share): number {
    return this.parts.buffer.occupied(share) / this.budget(share);
  }

  /** Looks at every ladder again: on each admission, and on a timer for what time alone changes. */
  turn(): void {
    const now = this.parts.clock.now();
    for (const state of this.states.values()) {
      const { ladder, share, policy } = state;
      const utilization = this.utilization(share);
      const before = state.standing;
      state.standing = decide(ladder, before, { utilization, atRiskBytes: this.parts.atRisk(policy) }, now);
      const changed = transition(ladder, before, state.standing, utilization);
      if (changed) {
        state.sinceWallMs = this.parts.clock.wall();
        this.watch(state);
        this.parts.changed(state, changed);
      }
      this.shed(state);
    }
  }

  /** Once a second, for the forecast. */
  look(): void {
    for (const state of this.states.values()) this.watch(state);
  }

  private watch(state: LadderState): void {
    const { ladder, share, standing: now } = state;
    const bytes = this.parts.buffer.occupied(share);
    state.trend = observe(state.trend, ladder, now.rung, bytes, this.budget(share), this.parts.clock.now());
  }

  private shed(state: LadderState): void {
    const { drop } = this.acting(state.policy);
    if (drop === undefined) return;
    const { buffer } = this.parts;
    const bytes = excess(drop, buffer.occupied(state.share), this.budget(state.share));
    if (bytes === 0) return;
    const open = buffer.state.open;
    evict(buffer.state, state.share, bytes, drop.action === "drop-random" ? "random" : "oldest");
    // What is only marked has freed nothing yet: readers that were woken for it would look again, and so without end.
    if (buffer.state.open < open) buffer.advance();
  }

  acting(policy: string): Acting {
    const state = this.of(policy);
    return acting(state.ladder, state.standing);
  }

  of(policy: string): LadderState {
    const state = this.states.get(policy);
    assert(state !== undefined, `ladder ${policy} is not in use`);
    return state;
  }
}
