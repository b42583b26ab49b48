// How far each input has read.
import { perInput, type Metric } from "./metric.ts";

export const INPUT_METRICS: readonly Metric[] = [
  {
    name: "spillway_input_files",
    type: "gauge",
    labels: ["input"],
    help: "Files that match.",
    meaning: "0 means: look at `paths`.",
    read: (facts) => perInput(facts, (input) => input.files),
  },
  {
    name: "spillway_input_open_files",
    type: "gauge",
    labels: ["input"],
    help: "Files that are open.",
    meaning: "Idle files are closed.",
    read: (facts) => perInput(facts, (input) => input.open),
  },
  {
    name: "spillway_input_lag_bytes",
    type: "gauge",
    labels: ["input"],
    help: "Bytes in files that have not been read.",
    meaning: "Grows when reading waits. The file still has them.",
    read: (facts) => perInput(facts, (input) => input.lagBytes),
  },
  {
    name: "spillway_input_lag_seconds",
    type: "gauge",
    labels: ["input"],
    help: "How long the oldest unread byte has been waiting.",
    meaning: "0 when everything is read.",
    read: (facts) => perInput(facts, (input) => input.lagMs / 1000),
  },
  {
    name: "spillway_input_rotated_bytes",
    type: "gauge",
    labels: ["input"],
    help: "Unread bytes of rotated files that still have a name.",
    meaning: "Lost if they are deleted before they are read.",
    read: (facts) => perInput(facts, (input) => input.rotatedBytes),
  },
  {
    name: "spillway_input_at_risk_bytes",
    type: "gauge",
    labels: ["input"],
    help: "Unread bytes of deleted files that only the agent keeps open.",
    meaning: "Lost if the agent stops now. `until.at_risk` opens the gate of a `block` rung by it.",
    read: (facts) => perInput(facts, (input) => input.atRiskBytes),
  },
  {
    name: "spillway_input_unread_bytes",
    type: "gauge",
    labels: ["input", "reason"],
    help: "Bytes that were never read and never will be.",
    meaning:
      "`skipped`: by `start` or `ignore_older`, and what of a gzip file cannot be unpacked. `deleted`, `truncated`: gone before they were read. `abandoned`: beyond `held`.",
    read: (facts) =>
      [...facts.inputs].flatMap(([input, of]) =>
        Object.entries(of.unread).map(([reason, value]) => ({ labels: { input, reason }, value })),
      ),
  },
  {
    name: "spillway_input_reread_files_total",
    type: "counter",
    labels: ["input"],
    help: "Files that were read from their beginning though another one with the same content was read before.",
    meaning:
      "Should stay 0: something is shipped twice. Alert on `increase(spillway_input_reread_files_total[1h]) > 0`; the event `file_reread` names both files.",
    read: (facts) => perInput(facts, (input) => input.rereadFiles),
  },
];
