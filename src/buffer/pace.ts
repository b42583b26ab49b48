// How soon the next commit is due.
import type { BufferState } from "./state.ts";

/** Between two commits while nothing presses. */
export const PACE_MS = 1000;
/** For new sources: thousands come at once, and each commit goes through all. Without it 10,000 files took half as long again. */
const NASCENT_MS = 20;

/** Milliseconds from the last commit to the next one. */
export function pace(state: BufferState): number {
  if (pressing(state)) return 0;
  return state.nascent.size > 0 && state.mode !== "degraded" ? NASCENT_MS : PACE_MS;
}

function pressing(state: BufferState): boolean {
  if (state.mode === "degraded") return false;
  if (state.phase === "stopping" || state.letterBytes > state.quotas.letters / 2) return true;
  // In spill: as soon as a good part of a slice waits, or the stage fills up and readers would wait for it.
  if (state.mode === "spill" && state.unwritten > Math.min(state.quotas.slice, state.quotas.stage) / 2) return true;
  return state.urgent.size > 0;
}
