// The points from which a process counts and goes on. An agent passes them to the one that takes its place at a reload.
import type { Account } from "../buffer/ledger/ledger.ts";
import type { Clock } from "../core/clock.ts";
import { nothingLeft } from "../inputs/file/rotation/left.ts";
import type { Left } from "../inputs/file/shared.ts";
import { Durations } from "../ops/durations.ts";
import { type Outage, noOutage } from "../pipeline/output-status.ts";
import type { CountedFrom } from "./counted-from.ts";

export interface Beginnings {
  readonly startedAt: number;
  readonly durations: Durations;
  readonly outage: Outage;
  /** From the inputs of the agent that was replaced. */
  readonly left: Left;
}

/** Passed on by an agent that has ended. */
export interface Inherited {
  readonly beginnings: Beginnings;
  readonly counted: CountedFrom;
  /** Its ledgers at its end, by input. */
  readonly ended: ReadonlyMap<string, Account>;
}

/** Those of the first agent of a process. */
export function newBeginnings(clock: Clock): Beginnings {
  return { startedAt: clock.now(), durations: new Durations(clock), outage: noOutage(), left: nothingLeft() };
}
