// What cannot wait for the next regular commit.
import type { BufferState } from "./state.ts";

export function pressing(state: BufferState): boolean {
  if (state.mode === "degraded") return false;
  if (state.phase === "stopping" || state.letterBytes > state.quotas.letters / 2) return true;
  // In spill: as soon as a good part of a slice waits, or the stage fills up and readers would wait for it.
  if (state.mode === "spill" && state.unwritten > Math.min(state.quotas.slice, state.quotas.stage) / 2) return true;
  return state.urgent.size > 0;
}
