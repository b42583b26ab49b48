// Metrics of the inputs: how far each has read.
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
    meaning: "Grows while reading waits. The files still have these bytes.",
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
    name: "spillway_input_waiting",
    type: "gauge",
    labels: ["input"],
    help: "1 while reading waits.",
    meaning: "For a ladder's gate, a rate limit or room in the buffer; `/status` says for what.",
    read: (facts) => perInput(facts, (input) => (input.waiting === undefined ? 0 : 1)),
  },
  {
    name: "spillway_input_unread_bytes_total",
    type: "counter",
    labels: ["input", "reason"],
    help: "Bytes that were never read and never will be.",
    meaning:
      "`skipped`: by `start` or `ignore_older`, or in a damaged gzip file. `deleted`, `truncated`: gone before they were read. `abandoned`: beyond `held`.",
    read: (facts) =>
      [...facts.inputs].flatMap(([input, of]) =>
        Object.entries(of.unread).map(([reason, value]) => ({ labels: { input, reason }, value })),
      ),
  },
  {
    name: "spillway_input_failures_total",
    type: "counter",
    labels: ["input"],
    help: "Failed system calls for files of the input: no permission, a bad sector, a file server that is down.",
    meaning: "Each is tried again every few seconds; the event `file_unreadable` names the file and the reason.",
    read: (facts) => perInput(facts, (input) => input.failures),
  },
  {
    name: "spillway_input_refused_links_total",
    type: "counter",
    labels: ["input"],
    help: "Paths that were not read because another user owns a symbolic link in them.",
    meaning: "A user may be trying to ship files that they cannot read; the event `link_refused` names the link.",
    read: (facts) => perInput(facts, (input) => input.refusedLinks),
  },
];
