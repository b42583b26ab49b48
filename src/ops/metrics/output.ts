// Metrics of the output: requests, responses, indices and dead letters.
import { BOUNDS } from "../durations.ts";
import { FAILURES, VERDICTS, type Circuit } from "../facts.ts";
import { one, oneOf, type Metric, type Series } from "./metric.ts";

const CIRCUITS: readonly Circuit[] = ["closed", "open", "half-open"];
const REQUEST_DURATION = "spillway_output_request_duration_seconds";

export const OUTPUT_METRICS: readonly Metric[] = [
  {
    name: "spillway_output_requests_total",
    type: "counter",
    labels: [],
    help: "Requests that ended.",
    meaning: "Whatever the answer was.",
    read: (facts) => one(facts.output.requests),
  },
  {
    name: "spillway_output_requests_failed_total",
    type: "counter",
    labels: ["reason"],
    help: "Requests that failed as a whole.",
    meaning:
      "They are sent again; nothing is lost by it. `busy`: the server asks to slow down (429). `unanswered`: no connection, no answer in time, or a 5xx. `indigestible`: too large, or not understood; sent again in halves. `denied`: credentials, rights, a wrong server.",
    read: (facts) => FAILURES.map((reason) => ({ labels: { reason }, value: facts.output.failures[reason] })),
  },
  {
    name: "spillway_output_up",
    type: "gauge",
    labels: [],
    help: "1 while the destination takes documents, as far as is known.",
    meaning:
      "0 after the start until the server has responded, after a failed connection until documents are stored again, and from `output_down` to `output_up` in the log.",
    read: (facts) => one(facts.output.up ? 1 : 0),
  },
  {
    name: "spillway_output_last_success_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When documents were stored last, seconds since 1970.",
    meaning:
      "0 if none since the start: then compare with `process_start_time_seconds`. Old while `spillway_buffered_records` is above 0: nothing gets through.",
    read: (facts) => one((facts.output.storedAtMs ?? 0) / 1000),
  },
  {
    name: REQUEST_DURATION,
    type: "histogram",
    labels: [],
    help: "Time from sending a request to its whole answer.",
    meaning: "The first number to look at when the buffer fills.",
    read: ({ output }) => histogram(REQUEST_DURATION, output.durations.counts, output.durations.sum),
  },
  {
    name: "spillway_output_items_total",
    type: "counter",
    labels: ["verdict"],
    help: "Documents by the server's verdict.",
    meaning:
      "`exists`: an earlier attempt had stored it. `retry`: it is sent again. `refused`: permanently, see `spillway dead-letters`.",
    read: (facts) => VERDICTS.map((verdict) => ({ labels: { verdict }, value: facts.output.items[verdict] })),
  },
  {
    name: "spillway_output_body_bytes_total",
    type: "counter",
    labels: [],
    help: "Encoded bytes of requests, before compression.",
    meaning: "Repeated attempts count again.",
    read: (facts) => one(facts.output.bodyBytes),
  },
  {
    name: "spillway_output_wire_bytes_total",
    type: "counter",
    labels: [],
    help: "Bytes of request bodies as sent.",
    meaning: "After compression.",
    read: (facts) => one(facts.output.wireBytes),
  },
  {
    name: "spillway_output_concurrency_limit",
    type: "gauge",
    labels: [],
    help: "Requests allowed at once.",
    meaning: "Adapts to the server with `concurrency: auto`; falling means that the server asks for less.",
    read: (facts) => one(facts.output.concurrencyLimit),
  },
  {
    name: "spillway_output_in_flight",
    type: "gauge",
    labels: [],
    help: "Requests under way.",
    meaning: "At the limit all the time: the destination is the bottleneck.",
    read: (facts) => one(facts.output.inFlight),
  },
  {
    name: "spillway_output_retrying",
    type: "gauge",
    labels: [],
    help: "Batches that wait to be sent again.",
    meaning: "0 when all is well.",
    read: (facts) => one(facts.output.retrying),
  },
  {
    name: "spillway_output_circuit",
    type: "gauge",
    labels: ["state"],
    help: "1 for the state of the circuit breaker.",
    meaning: "`open`: the server does not respond; one request at a time tests it.",
    read: (facts) => oneOf("state", CIRCUITS, facts.output.circuit),
  },
  {
    name: "spillway_output_targets",
    type: "gauge",
    labels: ["state"],
    help: "Indices with waiting documents, by whether they accept them.",
    meaning: "`stuck`: accepts nothing while others do; `/status` says which and why (`output.targets`).",
    read: ({ output }) => {
      const stuck = [...output.targets.values()].filter((target) => target.stuck).length;
      return [
        { labels: { state: "taking" }, value: output.targets.size - stuck },
        { labels: { state: "stuck" }, value: stuck },
      ];
    },
  },
  {
    name: "spillway_output_failure_stored_total",
    type: "counter",
    labels: [],
    help: "Stored documents that the server put into the failure store of their data stream.",
    meaning:
      "They count as `stored` and `delivered`: the server has them, though searches of the data stream do not find them. A rate above 0 means that a mapping or a pipeline needs a fix.",
    read: (facts) => one(facts.output.failureStored),
  },
  {
    name: "spillway_dead_letters",
    type: "gauge",
    labels: [],
    help: "Dead letters that are kept.",
    meaning:
      "Until they are replayed or purged, or make room for newer ones: those count as `dropped_dead_letter_budget` in `spillway_records_total`.",
    read: (facts) => one(facts.output.deadLetters.records),
  },
  {
    name: "spillway_dead_letters_bytes",
    type: "gauge",
    labels: [],
    help: "Size of the dead letters.",
    meaning: "At `spillway_dead_letters_max_bytes`, the oldest are removed.",
    read: (facts) => one(facts.output.deadLetters.bytes),
  },
  {
    name: "spillway_dead_letters_max_bytes",
    type: "gauge",
    labels: [],
    help: "The budget `output.dead_letters`.",
    meaning: "As configured. One reason takes at most a quarter of it.",
    read: (facts) => one(facts.output.deadLetters.max),
  },
  {
    name: "spillway_unexpected_duplicates_total",
    type: "counter",
    labels: [],
    help: "409 responses without a known earlier attempt.",
    meaning: "Two agents use copies of one state directory, for example on a cloned machine.",
    read: (facts) => one(facts.output.unexpectedDuplicates),
  },
];

function histogram(name: string, counts: readonly number[], sum: number): Series[] {
  let total = 0;
  const buckets = counts.map((n, i) => {
    total += n;
    return { name: `${name}_bucket`, labels: { le: i < BOUNDS.length ? String(BOUNDS[i]) : "+Inf" }, value: total };
  });
  return [
    ...buckets,
    { name: `${name}_sum`, labels: {}, value: sum },
    { name: `${name}_count`, labels: {}, value: total },
  ];
}
