// What the demo prints when it ends: how high it got, what that cost, that the account is equal, and what to do next.
import { DROP_REASONS } from "../../core/fate.ts";
import { count, duration, percent } from "../../core/figures.ts";
import type { Status } from "../../ops/status.ts";
import type { History } from "./history.ts";
import { balanceWord, equationTerms } from "./ledger.ts";

export function renderSummary({ ledger }: Status, history: History): string[] {
  const times = [...history.actionMs].map(([action, ms]) => `${action} ${duration(ms)}`);
  const drops = DROP_REASONS.filter((reason) => ledger.dropped[reason].records > 0);
  const shed = [
    ...(ledger.sampled.records > 0 ? [`${count(ledger.sampled.records)} sampled`] : []),
    ...drops.map((reason) => `${count(ledger.dropped[reason].records)} dropped (${reason})`),
  ];
  return [
    row("highest level", percent(history.highest)),
    row("time per rung", times.join(", ")),
    row("records shed", shed.length > 0 ? shed.join(", ") : "none"),
    row("ledger", `read ${count(ledger.read.records)} = ${equationTerms(ledger).join(" + ")}`),
    row("", balanceWord(ledger)),
    "",
    row("next", "spillway check -c config/spillway.yml"),
    row("", "spillway simulate -c config/spillway.yml --produce 10000/s --consume 5000/s --for 1h"),
    row("", "docs/start.md"),
  ];
}

function row(label: string, value: string): string {
  return `${label.padEnd(15)} ${value}`;
}
