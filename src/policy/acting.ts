// What the rungs do together at one standing: the only answer that admission acts on. Shedding is cumulative: a rung goes
// on acting while a higher one does. A shut gate makes intake wait and nothing above it acts, because nothing is shed
// that a file still has.
import type { BlockRung, DropRung, Ladder, RateLimitRung, Rung, SampleRung } from "../core/options.ts";
import { passes } from "./gate.ts";
import type { Standing } from "./keeper.ts";
import { blockRung } from "./ladder.ts";

export interface Acting {
  /** open: read on. at-risk: read only what `admissible` says. wait: read nothing. */
  readonly intake: "open" | "at-risk" | "wait";
  readonly block: BlockRung | undefined;
  readonly sample: SampleRung | undefined;
  readonly rate: RateLimitRung | undefined;
  /** The highest one when the ladder has several of them. */
  readonly drop: DropRung | undefined;
}

export function acting(ladder: Ladder, state: Standing): Acting {
  const blocks = blockRung(ladder);
  const blocked = blocks > 0 && state.rung >= blocks && state.gate === "shut";
  const rungs = ladder.slice(0, blocked ? blocks : state.rung);
  const last = <T extends Rung>(is: (rung: Rung) => rung is T): T | undefined => rungs.findLast(is);
  const block = last((rung) => rung.action === "block");
  return {
    intake: block === undefined || state.gate === "open" ? "open" : state.gate === "shut" ? "wait" : "at-risk",
    block,
    sample: last((rung) => rung.action === "sample"),
    rate: last((rung) => rung.action === "rate-limit"),
    drop: last(drops),
  };
}

function drops(rung: Rung): rung is DropRung {
  return rung.action === "drop-oldest" || rung.action === "drop-newest" || rung.action === "drop-random";
}

/** Bytes that an input with so many bytes at risk may read now, before any rate limit. */
export function admissible(now: Acting, atRiskBytes: number): number {
  if (now.block === undefined || now.intake === "open") return Infinity;
  return passes(now.block, now.intake === "wait" ? "shut" : "at-risk", atRiskBytes);
}

/**
 * Bytes that a drop-oldest or drop-random rung has to take out: what lies above its `enter`. No more, so that nothing is
 * dropped for which there is room; the rung stays until the buffer drains below `leave`.
 */
export function excess(drop: DropRung, bytes: number, budget: number): number {
  return drop.action === "drop-newest" ? 0 : Math.max(0, Math.ceil(bytes - drop.enter * budget));
}

/** Whether a drop-newest rung turns away what comes now: as above, only while there is no room below its `enter`. */
export function turnsAway(drop: DropRung, utilization: number): boolean {
  return drop.action === "drop-newest" && utilization >= drop.enter;
}
