// A ladder's steps as sentences, in pairs: entering says why and what it means, leaving how long it lasted.
import { budget, duration, flow, percent } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { Ladder, Rung } from "../core/options.ts";
import type { Facts } from "../ops/facts.ts";
import type { LadderState } from "../pipeline/ladders.ts";
import { forecastText } from "../policy/forecast.ts";
import type { Transition } from "../policy/keeper.ts";

/** @param bytes the budget of the ladder's share */
export function sayTransition(log: Log, facts: Facts, state: LadderState, step: Transition, bytes: number): void {
  const { policy, ladder, standing } = state;
  const fields = { policy, from: step.from, to: step.to, utilization: Number(step.utilization.toFixed(3)) };
  const level = `${percent(step.utilization)} (${budget(step.utilization * bytes)} of ${budget(bytes)})`;
  const rung = ladder[standing.rung - 1];
  const down = rank(ladder, step.from) > standing.rung;
  if (rung === undefined) {
    const after = `after ${duration(step.stoodMs)} of ${step.from}`;
    return log.info(
      "rung_left",
      `${policy}: accept again at ${level}, ${after}. Listed by: spillway losses list`,
      fields,
    );
  }
  if (down) return log.info("rung_left", `${policy}: down to ${step.to} at ${level}. ${meaning(rung)}`, fields);
  const next = forecastText(state.trend.forecast);
  const then = next === "" ? "" : `. Next: ${next}`;
  log.warn(
    "rung_entered",
    `${policy}: ${step.to} at ${level}. ${meaning(rung)}. Cause: ${cause(facts)}${then}`,
    fields,
  );
}

function rank(ladder: Ladder, action: string): number {
  return ladder.findIndex((r) => r.action === action) + 1;
}

function meaning(rung: Rung): string {
  if (rung.action === "block") return "Reading waits, nothing is lost";
  if (rung.action === "sample") {
    const always = rung.always === undefined ? "" : `, ${rung.always} and above all kept`;
    return `1 in ${rung.keep} kept${always}; what is sampled out is listed`;
  }
  if (rung.action === "rate-limit") return `Intake is held to ${flow(rung.rate)} a second`;
  return `${rung.action === "drop-newest" ? "New" : "Buffered"} records are let go, each range listed`;
}

/** What the output looks like now. */
function cause({ output }: Facts): string {
  if (output.circuit !== "closed") return `the output does not answer (${output.lastError ?? "no reason known"})`;
  const p99 = output.durations.quantile(0.99);
  const speed = p99 === undefined ? "no answers yet" : `output p99 ${p99.toFixed(1)} s`;
  return output.lastError === undefined ? speed : `${speed}, last error: ${output.lastError}`;
}
