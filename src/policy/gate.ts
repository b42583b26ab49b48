// The gate of a `block` rung. It opens when waiting would lose more than reading. Pure: the caller keeps the result and passes it
// as `before`. Invariant: a gate only ever opens further. Only the return to accept shuts it (keeper.ts).
import type { BlockRung } from "../core/options.ts";

/** shut: intake waits. at-risk: intake reads only the at-risk bytes above the limit. open: intake reads everything. */
export const GATES = ["shut", "at-risk", "open"] as const;
export type Gate = (typeof GATES)[number];

/**
 * @param waitedMs how long the rung has made intake wait
 * @param atRiskBytes unread bytes that are lost if they are not read: of files without a name, of push inputs
 */
export function gate(block: BlockRung, waitedMs: number, atRiskBytes: number, before: Gate = "shut"): Gate {
  const { waited, atRisk } = block.until ?? { waited: undefined, atRisk: undefined };
  if (before === "open" || (waited !== undefined && waitedMs >= waited)) return "open";
  if (before === "at-risk" || (atRisk !== undefined && atRiskBytes > atRisk)) return "at-risk";
  return "shut";
}

/** Bytes that intake may read now. */
export function passes(block: BlockRung, state: Gate, atRiskBytes: number): number {
  if (state === "open") return Infinity;
  if (state === "shut") return 0;
  return Math.max(0, atRiskBytes - (block.until?.atRisk ?? 0));
}
