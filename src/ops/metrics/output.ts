// How the destination answers.
import { BOUNDS } from "../durations.ts";
import { VERDICTS, type Circuit } from "../facts.ts";
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
    labels: [],
    help: "Requests that were turned away or got no answer.",
    meaning: "They are sent again; nothing is lost by it.",
    read: (facts) => one(facts.output.requestsFailed),
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
    help: "Documents by what the server answered.",
    meaning:
      "`exists`: an earlier attempt had stored it. `retry`: is sent again. `refused`: for good, see `spillway dead-letters`.",
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
    meaning: "`open`: the server does not answer; one request at a time looks whether it is back.",
    read: (facts) => oneOf("state", CIRCUITS, facts.output.circuit),
  },
  {
    name: "spillway_unexpected_duplicates_total",
    type: "counter",
    labels: [],
    help: "409 answers where no earlier attempt is known.",
    meaning: "Two agents that share a state directory's past, for example from a cloned machine.",
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
