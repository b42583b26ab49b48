// What the entered rungs do together. Admission acts on nothing else. Rungs are cumulative: each goes on acting while a higher
// one does. With the gate of `block` shut, intake waits and no rung above `block` acts: spillway sheds nothing that a file still
// has.
import type { BlockRung, DropRung, Ladder, RateLimitRung, Rung, SampleRung } from "../core/options.ts";
import { passes } from "./gate.ts";
import type { Standing } from "./keeper.ts";
import { blockRung } from "./ladder.ts";

export interface Acting {
  /** open: read on. at-risk: read only the bytes that `admissible` allows. wait: read nothing. */
  readonly intake: "open" | "at-risk" | "wait";
  readonly block: BlockRung | undefined;
  readonly sample: SampleRung | undefined;
  readonly rate: RateLimitRung | undefined;
  /** The highest drop rung in force. */
  readonly drop: DropRung | undefined;
}

/** No rung acts: every record is taken. */
export const NOTHING_ACTS: Acting = {
  intake: "open",
  block: undefined,
  sample: undefined,
  rate: undefined,
  drop: undefined,
};

/** `enter` of the lowest rung that sheds records; 1 when the ladder sheds nothing. */
export function lowestShedding(ladder: Ladder): number {
  return ladder.find(sheds)?.enter ?? 1;
}

export function sheds(rung: Rung): boolean {
  return rung.action === "rate-limit" ? rung.excess === "drop" : rung.action !== "block";
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

/** Bytes that an input with this many bytes at risk may read now, before any rate limit. */
export function admissible(now: Acting, atRiskBytes: number): number {
  if (now.block === undefined || now.intake === "open") return Infinity;
  return passes(now.block, now.intake === "wait" ? "shut" : "at-risk", atRiskBytes);
}

/**
 * Bytes that a drop-oldest or drop-random rung must remove: those above its `enter` and no more, so that it drops nothing that
 * there is room for. The rung stays in force until the buffer drains below `leave`.
 */
export function excess(drop: DropRung, bytes: number, budget: number): number {
  return drop.action === "drop-newest" ? 0 : Math.max(0, Math.ceil(bytes - drop.enter * budget));
}

/** Whether a drop-newest rung refuses new records now: like `excess`, only while the buffer is at or above its `enter`. */
export function turnsAway(drop: DropRung, utilization: number): boolean {
  return drop.action === "drop-newest" && utilization >= drop.enter;
}
