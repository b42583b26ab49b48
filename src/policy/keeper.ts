// The ladder's state over time: the rung in force and since when, the gate, and how long each action has been in force. The
// caller passes time and state, so that the agent and `simulate` run the same code. Invariants: a rung, once entered, is held for
// HOLD_MS before the ladder descends, unless the buffer is empty; climbing never waits; the gate shuts when the ladder is back at
// accept, and only then. One timestamp is enough for the hold, because rungs are entered in ascending order.
import type { Action, Ladder } from "../core/options.ts";
import { block, blockRung, actionOf, climb } from "./ladder.ts";
import { type Gate, gate } from "./gate.ts";

export const HOLD_MS = 5000;

export interface Standing {
  readonly rung: number;
  readonly gate: Gate;
  /** When the ladder came to this rung, from above or below. All times here are monotonic. */
  readonly sinceMs: number;
  /** When the ladder last climbed. */
  readonly raisedMs: number;
  /** When `block` was entered; undefined while the ladder is below it. */
  readonly blockedSinceMs: number | undefined;
  /** How long each action has been the highest in force, and how long intake has waited, both up to `countedMs`. */
  readonly msPerAction: Readonly<Partial<Record<Action, number>>>;
  readonly blockedMs: number;
  readonly countedMs: number;
}

export interface Transition {
  readonly from: Action;
  readonly to: Action;
  readonly atMs: number;
  readonly utilization: number;
  /** How long `from` was in force. */
  readonly stoodMs: number;
}

/** The input of every decision. */
export interface Pressure {
  readonly utilization: number;
  readonly atRiskBytes: number;
}

export function standing(nowMs: number): Standing {
  const times = { sinceMs: nowMs, raisedMs: -Infinity, blockedSinceMs: undefined, countedMs: nowMs };
  return { rung: 0, gate: "shut", ...times, msPerAction: {}, blockedMs: 0 };
}

/** The next state. Returns the same object when nothing but the time has changed. */
export function decide(ladder: Ladder, before: Standing, pressure: Pressure, nowMs: number): Standing {
  const rung = held(before, climb(ladder, before.rung, pressure.utilization), pressure.utilization, nowMs);
  const blocks = blockRung(ladder);
  const blockedSinceMs = blocks === 0 || rung < blocks ? undefined : (before.blockedSinceMs ?? nowMs);
  const open = nextGate(ladder, before, rung, blockedSinceMs, pressure.atRiskBytes, nowMs);
  if (rung === before.rung && open === before.gate) return before;
  return {
    ...count(ladder, before, nowMs),
    rung,
    gate: open,
    sinceMs: rung === before.rung ? before.sinceMs : nowMs,
    raisedMs: rung > before.rung ? nowMs : before.raisedMs,
    blockedSinceMs,
  };
}

/** An empty buffer skips the hold: a rung entered because of one large record would keep the next record out. */
function held(before: Standing, rung: number, utilization: number, nowMs: number): number {
  return rung < before.rung && utilization > 0 && nowMs - before.raisedMs < HOLD_MS ? before.rung : rung;
}

function nextGate(
  ladder: Ladder,
  before: Standing,
  rung: number,
  blockedSinceMs: number | undefined,
  atRiskBytes: number,
  nowMs: number,
): Gate {
  const blocking = block(ladder);
  if (rung === 0 || blocking === undefined) return "shut";
  return blockedSinceMs === undefined ? before.gate : gate(blocking, nowMs - blockedSinceMs, atRiskBytes, before.gate);
}

/** The transition between two states; undefined when the rung is the same. */
export function transition(
  ladder: Ladder,
  before: Standing,
  after: Standing,
  utilization: number,
): Transition | undefined {
  if (before.rung === after.rung) return undefined;
  const stoodMs = after.sinceMs - before.sinceMs;
  return {
    from: actionOf(ladder, before.rung),
    to: actionOf(ladder, after.rung),
    atMs: after.sinceMs,
    utilization,
    stoodMs,
  };
}

/** Brings the counted times up to `nowMs`, for a status, a metric or a summary. */
export function count(ladder: Ladder, state: Standing, nowMs: number): Standing {
  const passed = nowMs - state.countedMs;
  const action = actionOf(ladder, state.rung);
  const waits = state.blockedSinceMs !== undefined && state.gate === "shut";
  return {
    ...state,
    msPerAction: { ...state.msPerAction, [action]: (state.msPerAction[action] ?? 0) + passed },
    blockedMs: state.blockedMs + (waits ? passed : 0),
    countedMs: nowMs,
  };
}
