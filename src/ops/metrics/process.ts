// The process itself.
import type { State } from "../facts.ts";
import { one, oneOf, type Metric } from "./metric.ts";

const STATES: readonly State[] = ["starting", "running", "stopping"];

export const PROCESS_METRICS: readonly Metric[] = [
  {
    name: "spillway_build_info",
    type: "gauge",
    labels: ["version"],
    help: "Always 1; the version is in the label.",
    meaning: "Join it to see what an upgrade changed.",
    read: (facts) => [{ labels: { version: facts.version }, value: 1 }],
  },
  {
    name: "spillway_state",
    type: "gauge",
    labels: ["state"],
    help: "1 for the state the agent is in.",
    meaning: "As in `/status`.",
    read: (facts) => oneOf("state", STATES, facts.state),
  },
  {
    name: "spillway_log_lines_dropped_total",
    type: "counter",
    labels: [],
    help: "Lines of the agent's own log that nobody read in time.",
    meaning: "Never log data; look at whatever reads the agent's stderr.",
    read: (_, process) => one(process.logLinesDropped),
  },
  {
    name: "process_resident_memory_bytes",
    type: "gauge",
    labels: [],
    help: "Resident memory.",
    meaning: "Log bytes are bounded by `buffer.memory`; the rest is the program.",
    read: (_, process) => one(process.residentBytes),
  },
  {
    name: "process_cpu_seconds_total",
    type: "counter",
    labels: [],
    help: "User and system CPU time.",
    meaning: "All threads.",
    read: (_, process) => one(process.cpuSeconds),
  },
  {
    name: "process_start_time_seconds",
    type: "gauge",
    labels: [],
    help: "Start of the process, seconds since 1970.",
    meaning: "A step means a restart.",
    read: (_, process) => one(process.startSeconds),
  },
  {
    name: "nodejs_eventloop_lag_p99_seconds",
    type: "gauge",
    labels: [],
    help: "How late the event loop was, p99 since the last scrape.",
    meaning: "Above 0.1: something blocks the agent, or the machine has no CPU left for it.",
    read: (_, process) => one(process.loopLagP99Seconds),
  },
];
