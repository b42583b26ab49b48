// Metrics of the process and its configuration.
import type { State } from "../facts.ts";
import { stateOf } from "../status.ts";
import { one, oneOf, type Metric } from "./metric.ts";

const STATES: readonly State[] = ["starting", "running", "reloading", "stopping"];

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
    read: (facts, process) => oneOf("state", STATES, stateOf(facts, process)),
  },
  {
    name: "spillway_log_lines_dropped_total",
    type: "counter",
    labels: [],
    help: "Lines of the agent's own log that its reader did not take in time.",
    meaning: "Never log data; look at whatever reads the agent's stderr.",
    read: (_, process) => one(process.logLinesDropped),
  },
  {
    name: "spillway_config_last_reload_successful",
    type: "gauge",
    labels: [],
    help: "0 when the last reload changed nothing.",
    meaning:
      "1 also if there was none. At 0 the old configuration is in force; `config.last_failure` in `/status` says why, `spillway check` shows all faults.",
    read: (_, process) => one(process.config.lastFailure === undefined ? 1 : 0),
  },
  {
    name: "spillway_config_reloads_total",
    type: "counter",
    labels: ["result"],
    help: "Reloads by SIGHUP.",
    meaning: "By `succeeded` and `failed`.",
    read: (_, process) =>
      Object.entries(process.config.reloads).map(([result, value]) => ({ labels: { result }, value })),
  },
  {
    name: "spillway_config_restart_needed",
    type: "gauge",
    labels: [],
    help: "1 when the files give another value to an option that only a restart changes.",
    meaning: "`buffer.memory` and `buffer.path`; `/status` names them in `config.restart_needed`.",
    read: (_, process) => one(process.config.atRestart.length > 0 ? 1 : 0),
  },
  {
    name: "spillway_config_loaded_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the configuration in force was taken, seconds since 1970.",
    meaning: "Older than the file: it has not been reloaded.",
    read: (_, process) => one(process.config.loadedAtMs / 1000),
  },
  {
    name: "process_open_fds",
    type: "gauge",
    labels: [],
    help: "Open file descriptors.",
    meaning: "One for each file that is not read to its end; idle files are closed.",
    read: (_, process) => one(process.openDescriptors),
  },
  {
    name: "process_max_fds",
    type: "gauge",
    labels: [],
    help: "The limit on open file descriptors.",
    meaning: "`LimitNOFILE` of the unit. Near it, reading goes file by file.",
    read: (_, process) => one(process.maxDescriptors),
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
    help: "How late the event loop was, p99 of the last one to two minutes.",
    meaning:
      "Above 0.1: something blocks the agent, or the machine has no CPU left for it. An idle agent looks once a second: shorter delays may be missed.",
    read: (_, process) => one(process.loopLagP99Seconds),
  },
];
