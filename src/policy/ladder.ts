// Which rung applies at a utilization, and which faults a configured ladder has. Pure. Invariants for a ladder without faults:
// `climb` is idempotent, and monotone in rung and utilization; no utilization leads both up and back down, because `leave` is
// below `enter`.
import type { Action, BlockRung, Ladder, Rung } from "../core/options.ts";
import { ratioText } from "../core/units.ts";

/** Climbs while at or above `enter`, descends while below `leave`. Rung 0 accepts, rung i is ladder[i - 1]. */
export function climb(ladder: Ladder, rung: number, utilization: number): number {
  let at = rung;
  for (let up = ladder[at]; up !== undefined && utilization >= up.enter; up = ladder[at]) at++;
  for (let top = ladder[at - 1]; top !== undefined && utilization < top.leave; top = ladder[at - 1]) at--;
  return at;
}

export function actionOf(ladder: Ladder, rung: number): Action {
  return ladder[rung - 1]?.action ?? "accept";
}

/** The rung of the ladder's `block`; 0 when it has none. */
export function blockRung(ladder: Ladder): number {
  return ladder.findIndex((rung) => rung.action === "block") + 1;
}

export function block(ladder: Ladder): BlockRung | undefined {
  return ladder.find((rung): rung is BlockRung => rung.action === "block");
}

/** A fault of a ladder, with its place in the configuration. */
export interface LadderFault {
  readonly code: "leave-not-below-enter" | "marks-out-of-order" | "duplicate-action" | "unreachable-rung";
  /** Index into the ladder, and the key with the fault. */
  readonly at: number;
  readonly key: "action" | "enter" | "leave";
  /** Index of the rung that it conflicts with. */
  readonly with: number | undefined;
  /** One sentence without a full stop. */
  readonly message: string;
  readonly help: string;
}

/** Every fault of the ladder. A rung whose own `leave` is wrong is not compared with others: one mistake, one report. */
export function ladderFaults(ladder: Ladder): readonly LadderFault[] {
  return [...ladder.entries()].flatMap(([at, rung]) => {
    const found = [
      flaps(at, rung),
      repeats(ladder, at, rung),
      unreachable(ladder, at, rung),
      disorder(ladder, at, rung),
    ];
    return found.filter((fault) => fault !== undefined);
  });
}

function flaps(at: number, rung: Rung): LadderFault | undefined {
  if (rung.leave < rung.enter) return undefined;
  return {
    code: "leave-not-below-enter",
    at,
    key: "leave",
    with: undefined,
    message: `\`leave\` ${ratioText(rung.leave)} is not below \`enter\` ${ratioText(rung.enter)}: the rung would flap`,
    help: `\`leave: ${ratioText(Math.max(0, rung.enter - 0.1))}\``,
  };
}

function repeats(ladder: Ladder, at: number, rung: Rung): LadderFault | undefined {
  const first = ladder.findIndex((other) => other.action === rung.action);
  if (first === at) return undefined;
  return {
    code: "duplicate-action",
    at,
    key: "action",
    with: first,
    message: `\`${rung.action}\` stands on two rungs of the ladder`,
    help: "keep one of them: a rung acts until it is left, also while a higher one acts",
  };
}

function unreachable(ladder: Ladder, at: number, rung: Rung): LadderFault | undefined {
  const below = ladder.findIndex((other) => other.action === "block" && other.until === undefined);
  if (below < 0 || at <= below) return undefined;
  return {
    code: "unreachable-rung",
    at,
    key: "action",
    with: below,
    message: `\`${rung.action}\` can never act, \`block\` below it has no \`until\``,
    help: "`until: { at_risk: 256MiB }` on `block`, or remove this rung",
  };
}

function disorder(ladder: Ladder, at: number, rung: Rung): LadderFault | undefined {
  const below = ladder[at - 1];
  if (below === undefined || below.leave >= below.enter || rung.leave >= rung.enter) return undefined;
  const key = rung.enter <= below.enter ? "enter" : rung.leave < below.leave ? "leave" : undefined;
  if (key === undefined) return undefined;
  const order = key === "enter" ? "is not above" : "is below";
  return {
    code: "marks-out-of-order",
    at,
    key,
    with: at - 1,
    message: `\`${key}\` ${ratioText(rung[key])} of \`${rung.action}\` ${order} ${ratioText(below[key])} of the \`${below.action}\` before it`,
    help: "list the rungs by rising `enter`, and let a higher rung be left no later than a lower one",
  };
}
