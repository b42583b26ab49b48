// Describes a rung change in a sentence that says what it means for the records.
import { count, duration, flow, percent } from "../../core/figures.ts";
import type { Action, Ladder, Rung } from "../../core/options.ts";
import type { LedgerStatus } from "../../ops/ledger-status.ts";
import type { Transition } from "./history.ts";
import { dropped } from "./ledger.ts";

export function eventLine(transition: Transition, ladder: Ladder, ledger: LedgerStatus): string {
  const second = `${Math.round(transition.atMs / 1000)}s`;
  return `${second.padStart(4)}  ${transition.to.padEnd(11)}  ${sentence(transition, ladder, ledger)}`;
}

function sentence(transition: Transition, ladder: Ladder, ledger: LedgerStatus): string {
  if (transition.direction === "down") return `${percent(transition.utilization)}: ${relief(transition, ledger)}`;
  const rung = ladder.find((one) => one.action === transition.to);
  return `${percent(transition.utilization)}: ${rung === undefined ? "everything is taken" : effect(rung, ledger)}`;
}

function effect(rung: Rung, ledger: LedgerStatus): string {
  switch (rung.action) {
    case "block":
      return "reading waits, nothing is lost";
    case "rate-limit":
      return `reading is slowed to ${flow(rung.rate)}/s`;
    case "sample": {
      const always = rung.always === undefined ? "" : `, all from ${rung.always} up`;
      return `1 in ${rung.keep} kept${always}; counts accurate`;
    }
    case "drop-oldest":
      return `oldest chunks go; ${count(dropped(ledger))} records, ranges listed`;
    case "drop-newest":
      return `new records are turned away; ${count(dropped(ledger))} so far`;
    case "drop-random":
      return `chunks go at random; ${count(dropped(ledger))} records, ranges listed`;
  }
}

const SHEDS: readonly Action[] = ["drop-oldest", "drop-newest", "drop-random"];

function relief(transition: Transition, ledger: LedgerStatus): string {
  if (transition.to === "accept") {
    return `all taken again; sampled ${count(ledger.sampled.records)}, dropped ${count(dropped(ledger))}`;
  }
  const what = SHEDS.includes(transition.from) ? "nothing is dropped any more" : "nothing is left out any more";
  return `${what}, after ${duration(transition.afterMs)}`;
}
