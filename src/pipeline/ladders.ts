// Holds the current rung of each ladder in use. This is the only place that connects the pure policy to the real buffer: it
// passes in time and utilization, sheds what a drop rung demands, and reports each transition. If a limit shrinks below what is
// buffered, nothing is shed: intake waits, and no rung acts, until the backlog has fitted once.
import type { Level, SpillBuffer } from "../buffer/spill-buffer.ts";
import type { Clock } from "../core/clock.ts";
import { assert } from "../core/errors.ts";
import type { Ladder } from "../core/options.ts";
import { type Acting, NOTHING_ACTS, acting, admissible, excess, lowestShedding } from "../policy/acting.ts";
import { NO_TREND, type Trend, observe } from "../policy/forecast.ts";
import { type Standing, type Transition, decide, standing, transition } from "../policy/keeper.ts";

export interface LadderState {
  readonly policy: string;
  readonly ladder: Ladder;
  standing: Standing;
  /** Wall clock of the last transition. */
  sinceWallMs: number;
  /** Trend of the level, for the forecast. */
  trend: Trend;
  /** The limit has shrunk, and the backlog has not fitted since. */
  limited: boolean;
  /** Bytes of the ladder's share when the backlog last fitted into it. */
  fitted: number;
  /** Unread bytes that would be lost if they are not read, and the bytes granted since that number was last updated. */
  atRiskBytes: number;
  grantedBytes: number;
}

/** What acts in a ladder now. `limited`: its limit has shrunk, so no rung acts and nothing may be read. */
export interface Rungs extends Acting {
  readonly limited: boolean;
}

export interface LaddersParts {
  readonly clock: Clock;
  readonly buffer: SpillBuffer;
  /** Ladders in use, by name. */
  readonly policies: ReadonlyMap<string, Ladder>;
  readonly changed: (ladder: LadderState, transition: Transition) => void;
  /** A limit shrank below the backlog, or the backlog fits again. `rowsWithoutDisk`: as the buffer gives it. */
  readonly limitChanged: (ladder: LadderState, level: Level, rowsWithoutDisk: number) => void;
}

/** A limit below this part of the one that the backlog last fitted into has shrunk suddenly. */
const SUDDEN = 9 / 10;

export class Ladders {
  private readonly parts: LaddersParts;
  private readonly states = new Map<string, LadderState>();

  constructor(parts: LaddersParts) {
    this.parts = parts;
    const { clock, buffer, policies } = parts;
    for (const [policy, ladder] of policies) {
      // A backlog of an earlier version has no known limit. It is treated as if the limit had been larger.
      const fitted = buffer.fitted[policy] ?? Infinity;
      this.states.set(policy, {
        ...{ policy, ladder, standing: standing(clock.now()), sinceWallMs: clock.wall(), trend: NO_TREND },
        ...{ limited: false, fitted, atRiskBytes: 0, grantedBytes: 0 },
      });
    }
    for (const state of this.states.values()) this.watchLimit(state);
  }

  all(): IterableIterator<LadderState> {
    return this.states.values();
  }

  utilization(policy: string): number {
    const { occupied, budget } = this.parts.buffer.level(policy);
    return budget > 0 ? occupied / budget : occupied > 0 ? 1 : 0;
  }

  /** Called on a timer: updates all ladders, since time has passed and chunks have left. @param atRisk bytes, by ladder */
  turn(atRisk: (policy: string) => number): void {
    for (const state of this.states.values()) {
      state.atRiskBytes = atRisk(state.policy);
      state.grantedBytes = 0;
      this.update(state.policy);
    }
  }

  /** Updates one ladder, for example after a draft was admitted. */
  update(policy: string): void {
    const state = this.of(policy);
    this.watchLimit(state);
    const { ladder, atRiskBytes } = state;
    const utilization = this.utilization(policy);
    const before = state.standing;
    state.standing = decide(ladder, before, { utilization, atRiskBytes }, this.parts.clock.now());
    const changed = transition(ladder, before, state.standing, utilization);
    if (changed) {
      state.sinceWallMs = this.parts.clock.wall();
      this.watch(state);
      this.parts.changed(state, changed);
    }
    this.shed(state);
  }

  /** Called once a second, for the forecast. */
  look(): void {
    for (const state of this.states.values()) this.watch(state);
  }

  private watch(state: LadderState): void {
    const { ladder, standing: now, policy } = state;
    const { occupied, budget } = this.parts.buffer.level(policy);
    state.trend = observe(state.trend, ladder, now.rung, occupied, budget, this.parts.clock.now());
  }

  private watchLimit(state: LadderState): void {
    const { buffer } = this.parts;
    const level = buffer.level(state.policy);
    const { occupied, budget } = level;
    const fits = buffer.rowsWithoutDisk === 0 && occupied <= lowestShedding(state.ladder) * budget;
    // Free disk space changes all the time. The ladder simply follows small steps.
    const shrunk = budget < SUDDEN * state.fitted || buffer.rowsWithoutDisk > 0;
    const limited = state.limited ? !fits : shrunk && !fits;
    if (!limited) {
      state.fitted = budget;
      if (buffer.fitted[state.policy] !== budget) buffer.keepFitted(state.policy, budget);
    }
    if (limited === state.limited) return;
    state.limited = limited;
    this.parts.limitChanged(state, level, buffer.rowsWithoutDisk);
  }

  private shed(state: LadderState): void {
    const { drop } = this.acting(state.policy);
    if (drop === undefined) return;
    const { buffer } = this.parts;
    const { occupied, budget } = buffer.level(state.policy);
    const bytes = excess(drop, occupied, budget);
    if (bytes > 0) buffer.evict(state.policy, bytes, drop.action === "drop-random" ? "random" : "oldest");
  }

  acting(policy: string): Rungs {
    const state = this.of(policy);
    if (state.limited) return { ...NOTHING_ACTS, intake: "wait", limited: true };
    return { ...acting(state.ladder, state.standing), limited: false };
  }

  /**
   * What acts on an input whose documents go to these targets. If other targets are stuck, nothing acts while the level without
   * their backlog is below the first rung: it must not hold back an input whose own targets take documents.
   * @param targets none: not known yet
   */
  actingOn(policy: string, targets: readonly string[]): Rungs {
    const { ladder, standing: now, limited } = this.of(policy);
    const first = ladder[0];
    if (limited || now.rung === 0 || first === undefined) return this.acting(policy);
    const level = this.parts.buffer.levelBesideStuck(policy, targets);
    const isCalm = level !== undefined && level.occupied < first.enter * level.budget;
    return isCalm ? { ...NOTHING_ACTS, limited: false } : this.acting(policy);
  }

  /** Whether more bytes at risk may be read now, although the gate is shut for other bytes. */
  mayGrantAtRisk(policy: string): boolean {
    const { atRiskBytes, grantedBytes } = this.of(policy);
    return admissible(this.acting(policy), atRiskBytes) > grantedBytes;
  }

  grantAtRisk(policy: string, bytes: number): void {
    this.of(policy).grantedBytes += bytes;
  }

  of(policy: string): LadderState {
    const state = this.states.get(policy);
    assert(state !== undefined, `ladder ${policy} is not in use`);
    return state;
  }
}
