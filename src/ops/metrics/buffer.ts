// Metrics of the buffer: how full it is, and where its bytes are.
import type { BufferMode } from "../facts.ts";
import { one, oneOf, type Metric } from "./metric.ts";

const MODES: readonly BufferMode[] = ["memory", "spill", "degraded"];

export const BUFFER_METRICS: readonly Metric[] = [
  {
    name: "spillway_buffer_utilization_ratio",
    type: "gauge",
    labels: [],
    help: "Utilization of the fullest ladder, 0 to 1.",
    meaning: "Rungs are entered by this number.",
    read: (facts) => one(facts.buffer.utilization),
  },
  {
    name: "spillway_buffer_mode",
    type: "gauge",
    labels: ["mode"],
    help: "1 for the mode the buffer is in.",
    meaning: "`spill`: the disk takes the overflow. `degraded`: the disk cannot be written, memory is all there is.",
    read: (facts) => oneOf("mode", MODES, facts.buffer.mode),
  },
  {
    name: "spillway_buffer_memory_bytes",
    type: "gauge",
    labels: [],
    help: "Log bytes in memory, in every form.",
    meaning: "Never above `spillway_buffer_memory_max_bytes`.",
    read: (facts) => one(facts.buffer.memoryBytes),
  },
  {
    name: "spillway_buffer_memory_max_bytes",
    type: "gauge",
    labels: [],
    help: "The budget `buffer.memory`.",
    meaning: "As configured.",
    read: (facts) => one(facts.buffer.memoryMax),
  },
  {
    name: "spillway_buffer_disk_bytes",
    type: "gauge",
    labels: [],
    help: "Real size of the database and its WAL.",
    meaning: "Never above `spillway_buffer_disk_max_bytes`.",
    read: (facts) => one(facts.buffer.diskBytes),
  },
  {
    name: "spillway_buffer_disk_max_bytes",
    type: "gauge",
    labels: [],
    help: "The budget `buffer.disk`.",
    meaning: "As configured; 0 = memory only.",
    read: (facts) => one(facts.buffer.diskMax),
  },
  {
    name: "spillway_buffer_oldest_seconds",
    type: "gauge",
    labels: [],
    help: "Age of the oldest record in the buffer.",
    meaning: "The greatest delay of a record that is delivered now.",
    read: (facts) => one(facts.buffer.oldestMs / 1000),
  },
];
