// Where each ladder stands.
import { perPolicy, type Metric } from "./metric.ts";

export const POLICY_METRICS: readonly Metric[] = [
  {
    name: "spillway_policy_rung",
    type: "gauge",
    labels: ["policy"],
    help: "The rung a ladder stands on; 0 is accept.",
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
    meaning: "The rate of an action other than `accept` is the share of time that it held.",
    read: (facts) =>
      [...facts.policies].flatMap(([policy, of]) =>
        Object.entries(of.actionMs).map(([action, ms]) => ({ labels: { policy, action }, value: ms / 1000 })),
      ),
  },
];
