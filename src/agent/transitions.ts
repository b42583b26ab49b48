// Describes the transitions of a ladder for the log, in pairs: entering a rung with cause and effect, leaving it with duration.
import { budget, duration, flow, percent } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { Ladder, Rung } from "../core/options.ts";
import type { Level } from "../buffer/spill-buffer.ts";
import type { Facts } from "../ops/facts.ts";
import type { LadderState } from "../pipeline/ladders.ts";
import { sheds } from "../policy/acting.ts";
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
    const listed = ladder.some(sheds) ? ". What was shed is listed by: spillway losses list" : "";
    const after = `after ${duration(step.stoodMs)} of ${step.from}${listed}`;
    return log.info("rung_left", `${policy}: accept again at ${level}, ${after}`, fields);
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

/**
 * Logs that a limit shrank below what is buffered, and later that the backlog fits again.
 * @param rowsWithoutDisk bytes of rows on a disk of which nothing may be used any more
 */
export function sayLimit(log: Log, { policy, limited }: LadderState, level: Level, rowsWithoutDisk: number): void {
  const figures = `${budget(level.occupied)} are buffered, ${budget(level.budget)} are left to it`;
  if (!limited) return log.info("limit_fits", `${policy}: the backlog fits again: ${figures}`, { policy });
  const why =
    rowsWithoutDisk > 0
      ? `${budget(rowsWithoutDisk)} of the backlog are on disk, and no disk is left to it: they are delivered first`
      : `a limit has shrunk: ${figures}`;
  log.warn("limit_waits", `${policy}: ${why}. Reading waits and nothing is shed until it fits`, { policy });
}

function rank(ladder: Ladder, action: string): number {
  return ladder.findIndex((r) => r.action === action) + 1;
}

/** The effect of a rung in force, as a sentence without a full stop. */
export function meaning(rung: Rung): string {
  if (rung.action === "block") return "Reading waits, nothing is lost";
  if (rung.action === "sample") {
    const always = rung.always === undefined ? "" : `, ${rung.always} and above all kept`;
    return `1 in ${rung.keep} kept${always}; what is sampled out is listed`;
  }
  if (rung.action === "rate-limit") return `Intake is held to ${flow(rung.rate)} a second`;
  return `${rung.action === "drop-newest" ? "New" : "Buffered"} records are let go, each range listed`;
}

/** The current state of the output, as the cause of a transition. */
function cause({ output }: Facts): string {
  if (output.circuit !== "closed") return `the output does not answer (${output.lastError ?? "no reason known"})`;
  const p99 = output.durations.quantile(0.99);
  const speed = p99 === undefined ? "no answers yet" : `output p99 ${p99.toFixed(1)} s`;
  return output.lastError === undefined ? speed : `${speed}, last error: ${output.lastError}`;
}
