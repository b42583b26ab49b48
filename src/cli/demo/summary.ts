// The texts at the start and at the end of the demo. At the start: where to look. At the end: the highest utilization, the
// records lost, the ledger's balance, and what to try next.
import { DROP_REASONS } from "../../core/fate.ts";
import { count, duration, percent } from "../../core/figures.ts";
import type { Status } from "../../ops/status.ts";
import type { History } from "./history.ts";
import { balanceWord, equationTerms } from "./ledger.ts";

/** @param url address of the admin endpoint @param directory relative path of the demo's directory */
export function renderStart(url: string, directory: string, totalMs: number): string[] {
  return [
    "spillway demo: sandbox, log generator and agent in one process",
    row("takes", `${duration(totalMs)}, Ctrl-C ends it`),
    row("writes", `${directory}, removed at the end`),
    row("dashboard", url),
    "",
  ];
}

export interface Ended {
  readonly status: Status;
  readonly history: History;
  /** Number of documents in the sandbox. */
  readonly stored: number;
  /** The configuration as YAML. */
  readonly config: string;
  /** The command by which the user can run spillway here. */
  readonly word: string;
}

export function renderSummary({ status, history, stored, config, word }: Ended): string[] {
  const { ledger } = status;
  const times = [...history.actionMs].map(([action, ms]) => `${action} ${duration(ms)}`);
  const drops = DROP_REASONS.filter((reason) => ledger.dropped[reason].records > 0);
  const shed = [
    ...(ledger.sampled.records > 0 ? [`${count(ledger.sampled.records)} sampled`] : []),
    ...drops.map((reason) => `${count(ledger.dropped[reason].records)} dropped (${reason})`),
  ];
  return [
    "the configuration that this was (the default ladder, with small budgets):",
    ...config
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    "",
    row("highest level", percent(history.highest)),
    row("time per rung", times.join(", ")),
    row("records shed", shed.length > 0 ? shed.join(", ") : "none"),
    row("ledger", `read ${count(ledger.read.records)} = ${equationTerms(ledger).join(" + ")}`),
    row("", balanceWord(ledger)),
    row("sandbox", `${count(stored)} documents`),
    "",
    row("next", `${word} check -c config/spillway.yml`),
    row("", `${word} simulate -c config/spillway.yml --produce 10000/s --consume 5000/s --for 1h`),
    row("", "docs/start.md (your own log), docs/policies.md (what each policy does)"),
  ];
}

function row(label: string, value: string): string {
  return `${label.padEnd(15)} ${value}`;
}
