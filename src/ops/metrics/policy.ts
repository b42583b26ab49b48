// Metrics of the ladders: their rungs, utilization and forecast.
import type { Facts, PolicyFacts } from "../facts.ts";
import { perPolicy, type Metric, type Series } from "./metric.ts";

export const POLICY_METRICS: readonly Metric[] = [
  {
    name: "spillway_policy_rung",
    type: "gauge",
    labels: ["policy"],
    help: "The current rung of a ladder; 0 is accept.",
    meaning: "Counted from the lowest mark.",
    read: (facts) => perPolicy(facts, (policy) => policy.rung),
  },
  {
    name: "spillway_policy_utilization_ratio",
    type: "gauge",
    labels: ["policy"],
    help: "Utilization of a ladder's share, 0 to 1.",
    meaning: "Compare with the marks `enter` and `leave` of its rungs.",
    read: (facts) => perPolicy(facts, (policy) => policy.utilization),
  },
  {
    name: "spillway_policy_seconds_total",
    type: "counter",
    labels: ["policy", "action"],
    help: "Time that a ladder spent in an action.",
    meaning: "The rate of an action is the share of time that it was in force.",
    read: (facts) =>
      perAction(facts, (of) => Object.entries(of.actionMs).map(([action, ms]) => ({ action, value: ms / 1000 }))),
  },
  {
    name: "spillway_policy_action",
    type: "gauge",
    labels: ["policy", "action"],
    help: "1 for the action of the current rung.",
    meaning: "`accept` is the normal state. `sample` and the actions that begin with `drop` lose records on purpose.",
    read: (facts) =>
      perAction(facts, (of) =>
        Object.keys(of.actionMs).map((action) => ({ action, value: action === of.action ? 1 : 0 })),
      ),
  },
  {
    name: "spillway_notifications_total",
    type: "counter",
    labels: ["result"],
    help: "Notifications to the `notify` of rungs, by whether they arrived.",
    meaning: "A rate of `failed` means that notifications do not arrive; the event `notify_failed` says why.",
    read: (_, { notifications }) =>
      Object.entries(notifications).map(([result, value]) => ({ labels: { result }, value })),
  },
  {
    name: "spillway_policy_shedding",
    type: "gauge",
    labels: ["policy"],
    help: "1 while a ladder loses records on purpose.",
    meaning: "What is lost is counted in `spillway_records_total` and listed by `spillway losses list`.",
    read: (facts) => perPolicy(facts, (policy) => (policy.shedding ? 1 : 0)),
  },
  {
    name: "spillway_policy_enter_ratio",
    type: "gauge",
    labels: ["policy", "action"],
    help: "Utilization at which a rung is entered.",
    meaning: "As configured: the lines to draw into a graph of `spillway_policy_utilization_ratio`.",
    read: (facts) => perAction(facts, (of) => of.marks.map(({ action, enter }) => ({ action, value: enter }))),
  },
  {
    name: "spillway_policy_next_rung_seconds",
    type: "gauge",
    labels: ["policy"],
    help: "Time until the next rung is entered, at the growth of the last minute.",
    meaning:
      "`+Inf` while nothing grows, or has not grown for long enough to tell. The last mark is a full buffer. Alert when it is below an hour.",
    read: (facts) => perPolicy(facts, ({ forecast }) => (forecast.kind === "rising" ? forecast.inMs / 1000 : Infinity)),
  },
  {
    name: "spillway_policy_drained_seconds",
    type: "gauge",
    labels: ["policy"],
    help: "Time until the buffer is empty, at the rate of the last minute.",
    meaning: "`+Inf` unless it is draining.",
    read: (facts) =>
      perPolicy(facts, ({ forecast }) => (forecast.kind === "draining" ? forecast.inMs / 1000 : Infinity)),
  },
];

function perAction(
  facts: Facts,
  values: (policy: PolicyFacts) => readonly { readonly action: string; readonly value: number }[],
): Series[] {
  return [...facts.policies].flatMap(([policy, of]) =>
    values(of).map(({ action, value }) => ({ labels: { policy, action }, value })),
  );
}
