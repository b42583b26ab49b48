// All metrics. The exposition, the reference page and the tests use this table.
import { BUFFER_METRICS } from "./buffer.ts";
import { INPUT_METRICS } from "./input.ts";
import { LEDGER_METRICS } from "./ledger.ts";
import type { Metric } from "./metric.ts";
import { OUTPUT_METRICS } from "./output.ts";
import { POLICY_METRICS } from "./policy.ts";
import { PROCESS_METRICS } from "./process.ts";

/** In the order of the reference page. */
export const METRIC_GROUPS: readonly (readonly [title: string, metrics: readonly Metric[]])[] = [
  ["Ledger", LEDGER_METRICS],
  ["Buffer", BUFFER_METRICS],
  ["Policies", POLICY_METRICS],
  ["Inputs", INPUT_METRICS],
  ["Output", OUTPUT_METRICS],
  ["Process", PROCESS_METRICS],
];
export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(([, metrics]) => metrics);
