// Summarizes the agent's state for people, most important first: what it does, why, what comes next, what to do. Pure, and free
// of Node, because the page in the browser and `spillway top` show the same.
import type { Action } from "../core/options.ts";
import { count, duration, percent } from "../core/figures.ts";
import { forecastText } from "../policy/forecast.ts";
import type { PolicyStatus, Status } from "./status.ts";

/** Determines colour and shape of a verdict: how much of the incoming data is lost on purpose. */
export type Severity = "accept" | "block" | "sample" | "drop" | "fault";

export interface Verdict {
  readonly severity: Severity;
  /** The word to show first, in capitals: "SAMPLE", "ACCEPT", "STOPPING". */
  readonly word: string;
  readonly says: string;
  /** The ladder concerned; undefined if there is none. */
  readonly policy: string | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;
  /** A command to run. */
  readonly todo: string | undefined;
}

const SEVERITY: Readonly<Record<Action, Severity>> = {
  accept: "accept",
  block: "block",
  "rate-limit": "block",
  sample: "sample",
  "drop-newest": "drop",
  "drop-random": "drop",
  "drop-oldest": "drop",
};
const RANK: readonly Severity[] = ["accept", "block", "sample", "drop", "fault"];

const RELOADING = "the new configuration takes over when the requests under way have ended";

export function severityOf(action: Action): Severity {
  return SEVERITY[action];
}

/** The ladder that loses most; among equals, the fullest. */
export function worstPolicy(status: Pick<Status, "policies">): [name: string, policy: PolicyStatus] | undefined {
  const rank = ({ action }: PolicyStatus): number => RANK.indexOf(SEVERITY[action]);
  return Object.entries(status.policies).toSorted(
    ([, a], [, b]) => rank(b) - rank(a) || b.utilization - a.utilization,
  )[0];
}

export function verdict(status: Status, nowMs: number): Verdict {
  const { records, bytes } = status.ledger.balance;
  const plain = { policy: undefined, why: undefined, next: undefined, todo: undefined };
  if (records !== 0 || bytes !== 0) {
    const says = `the ledger is out by ${count(records)} records, ${count(bytes)} bytes: a bug in spillway, please report it`;
    return { ...plain, severity: "fault", word: "OUT OF BALANCE", says, todo: "spillway inspect --json" };
  }
  if (status.state !== "running") {
    const { records } = status.ledger.buffered;
    const left = `${count(records)} record${records === 1 ? "" : "s"} left`;
    return {
      ...plain,
      severity: "block",
      word: status.state.toUpperCase(),
      says: { stopping: left, starting: "no reading yet", reloading: RELOADING }[status.state],
      why: status.state === "reloading" && !status.output.up ? cause(status) : undefined,
    };
  }
  const worst = worstPolicy(status);
  if (worst === undefined) return { ...plain, severity: "accept", word: "ACCEPT", says: "no ladder is in use" };
  return ladderVerdict(status, worst, nowMs);
}

function ladderVerdict(status: Status, [policy, worst]: [string, PolicyStatus], nowMs: number): Verdict {
  const severity = SEVERITY[worst.action];
  const rung = worst.rungs[worst.rung - 1];
  const calm = `everything is taken${status.output.up ? stuckTargets(status) : "; nothing gets through to the output"}`;
  const since = `for ${duration(Math.max(0, nowMs - Date.parse(worst.since)))}`;
  const next = forecastText(forecastOf(worst));
  return {
    severity,
    word: worst.action.toUpperCase(),
    says: rung === undefined ? calm : `${since}: ${lowered(rung.says)}`,
    policy,
    why: rung !== undefined || !status.output.up ? cause(status) : stuckWhy(status),
    next: next === "" || next === "steady" ? undefined : next,
    todo: todo(status, severity),
  };
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** The end of the sentence: ", nothing is lost", or the indices that accept nothing. */
function stuckTargets({ output }: Status): string {
  const stuck = Object.entries(output.targets).filter(([, target]) => target.stuck);
  const [first] = stuck;
  if (first === undefined) return ", nothing is lost";
  const others = stuck.length > 1 ? ` and ${stuck.length - 1} more take nothing` : " takes nothing";
  return `; index ${first[0]}${others}`;
}

function forecastOf({ forecast }: PolicyStatus): Parameters<typeof forecastText>[0] {
  const inMs = (forecast.in_seconds ?? 0) * 1000;
  if (forecast.kind === "rising") return { kind: "rising", to: forecast.to ?? "full", inMs };
  return forecast.kind === "draining" ? { kind: "draining", inMs } : { kind: forecast.kind };
}

/** The error of the first index that accepts nothing. */
function stuckWhy({ output }: Status): string | undefined {
  const error = Object.values(output.targets).find(({ stuck }) => stuck)?.last_error;
  return error ? [error.why, error.remedy].filter(Boolean).join("; ") : undefined;
}

/** The current state of the output, as the cause. */
function cause({ output, inputs }: Status): string {
  if (!output.up) return output.last_error === null ? "the output has not answered yet" : output.last_error;
  const parts = [];
  const { p99 } = output.latency_seconds;
  if (p99 !== null) parts.push(`output p99 ${duration(p99 * 1000)}`);
  const answered = Object.values(output.items).reduce((sum, n) => sum + n, 0);
  if (output.items.retry > 0 && answered > 0)
    parts.push(`${percent(output.items.retry / answered)} of documents sent again`);
  if (output.last_error !== null) parts.push(`last error: ${output.last_error}`);
  const atRisk = Object.values(inputs).reduce((sum, input) => sum + input.at_risk_bytes, 0);
  if (atRisk > 0) parts.push("files without a name hold unread lines");
  return parts.length === 0 ? "more comes in than goes out" : parts.join("; ");
}

function todo(status: Status, severity: Severity): string | undefined {
  const stuck = Object.values(status.output.targets).some((target) => target.stuck);
  if (!status.output.up || stuck) return "spillway check --connect";
  if (severity === "sample" || severity === "drop") return "spillway losses list";
  return undefined;
}
