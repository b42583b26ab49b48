// When the buffer spills and when it stops (rules M1-M5). Modes only say which open chunks without a row want one:
// memory: those that cannot be read again as they were, and old ones; spill: all; degraded: none, a probe tries again. Changed here
// and, for M3, where a commit fails; nowhere else.
import { assert } from "../core/errors.ts";
import type { BufferState } from "./state.ts";

/** The sink has taken nothing for this long: the spool takes over. */
export const STALL_MS = 5000;

/** Memory to spill, for a reason that the caller knows: the sink stalls, lag grows, a stop. Without a disk: stays. */
export function enterSpill(state: BufferState): void {
  if (state.mode !== "memory" || state.rowBudget === 0) return;
  state.mode = "spill";
}

/** The trigger that the buffer sees itself: there is something to take and nothing was taken. */
export function stalls(state: BufferState): boolean {
  return state.mode === "memory" && !state.taking(STALL_MS);
}

/**
 * M2. One outage must not leave a busy host in spill for good: open rows may remain, as long as all are loaded and the
 * sink takes. New chunks then stay in memory while the old rows settle.
 */
export function leaveSpill(state: BufferState): void {
  if (state.mode !== "spill" || state.phase === "stopping" || state.lag === "grows") return;
  if (state.unloaded.size > 0 || state.loading > 0 || !state.taking(STALL_MS)) return;
  state.mode = "memory";
}

/** M4: a commit succeeded. */
export function heal(state: BufferState): void {
  assert(state.rowBudget > 0 || state.mode !== "spill", "spill mode without a disk");
  if (state.mode === "degraded") state.mode = state.rowBudget > 0 ? "spill" : "memory";
}
