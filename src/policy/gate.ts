// The gate of a `block` rung: when waiting would lose more than letting in, it opens. Pure; whoever holds the state keeps
// the answer and hands it in as `before`. What must hold: a gate never narrows; only accepting again shuts it (keeper).
import type { BlockRung } from "../core/options.ts";

/** shut: intake waits. at-risk: only what exceeds the limit of bytes at risk comes in. open: everything does. */
export const GATES = ["shut", "at-risk", "open"] as const;
export type Gate = (typeof GATES)[number];

/**
 * @param waitedMs how long the rung has made intake wait
 * @param atRiskBytes unread bytes that would be lost if they were not read: of files without a name, of push inputs
 */
export function gate(block: BlockRung, waitedMs: number, atRiskBytes: number, before: Gate = "shut"): Gate {
  const { waited, atRisk } = block.until ?? { waited: undefined, atRisk: undefined };
  if (before === "open" || (waited !== undefined && waitedMs >= waited)) return "open";
  if (before === "at-risk" || (atRisk !== undefined && atRiskBytes > atRisk)) return "at-risk";
  return "shut";
}

/** Bytes that may come in through the gate now. */
export function passes(block: BlockRung, state: Gate, atRiskBytes: number): number {
  if (state === "open") return Infinity;
  if (state === "shut") return 0;
  return Math.max(0, atRiskBytes - (block.until?.atRisk ?? 0));
}
