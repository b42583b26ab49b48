// The demo as plain lines, without a screen: one for each act, one for each rung change, and the status every ten seconds.
import { count, flow, percent } from "../../core/figures.ts";
import { eventLine } from "./events.ts";
import { balanceWord, equationTerms } from "./ledger.ts";
import type { DemoView } from "./view.ts";

const EVERY_MS = 10_000;

export class PlainDemo {
  private act: number | undefined = 0;
  private transitions = 0;
  private stoodAt = 0;

  /** The lines that are new since the last call. */
  lines(view: DemoView): string[] {
    const lines: string[] = [];
    if (view.act?.number !== this.act) {
      this.act = view.act?.number;
      if (view.act !== undefined) lines.push(`act ${view.act.number}: ${view.act.act.title}: ${view.act.act.sentence}`);
    }
    for (const transition of view.history.transitions.slice(this.transitions)) {
      lines.push(eventLine(transition, view.ladder, view.status.ledger));
    }
    this.transitions = view.history.transitions.length;
    if (view.elapsedMs - this.stoodAt >= EVERY_MS) {
      this.stoodAt = view.elapsedMs;
      lines.push(standing(view));
    }
    return lines;
  }
}

function standing({ status, history, elapsedMs }: DemoView): string {
  const policy = Object.values(status.policies)[0];
  const rates = history.flow;
  const parts = [
    `${`${Math.round(elapsedMs / 1000)}s`.padStart(4)}  buffer ${percent(policy?.utilization ?? 0)} ${policy?.action ?? ""}`,
    ...(rates === undefined ? [] : [`in ${flow(rates.produced)}/s, out ${flow(rates.delivered)}/s`]),
    `read ${count(status.ledger.read.records)} = ${equationTerms(status.ledger).join(" + ")}`,
    balanceWord(status.ledger),
  ];
  return parts.join("; ");
}
