// The panels of the Grafana dashboard as data, in the same sections and the same order as on the agent's own page.
// scripts/generate-grafana.ts generates the dashboard from them.

interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly kind: "stat" | "timeseries" | "table";
  /** Width in columns of 24. */
  readonly width: number;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly max?: number;
  readonly about: string;
  /** Colours, keyed by a part of the legend. */
  readonly colours?: Readonly<Record<string, string>>;
}

const AT = '{instance=~"$instance"}';
const at = (labels: string): string => `{instance=~"$instance",${labels}}`;
const RATE = "[$__rate_interval]";
/** The colours of the agent's page in dark mode. */
const COLOURS = {
  accept: "#3a8ad7",
  block: "#fde6a0",
  sample: "#dc6014",
  drop: "#e48bab",
  in: "#6f9be8",
  out: "#68f4c5",
};

const stat = (title: string, unit: string, expr: string, about: string): Panel => {
  return { title, kind: "stat", width: 6, unit, queries: [{ expr, legend: "" }], about };
};

const third = (title: string, unit: string, expr: string, legend: string, about: string): Panel => {
  return { title, kind: "timeseries", width: 8, unit, queries: [{ expr, legend }], about };
};

export const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    "Am I fine?",
    [
      stat(
        "Ladders that shed",
        "none",
        `sum(spillway_policy_shedding${AT})`,
        "More than 0: records are being lost on purpose.",
      ),
      stat(
        "Outputs that are away",
        "none",
        `count(spillway_output_up${AT} == 0) or vector(0)`,
        "Nothing is lost by it while the buffer has room.",
      ),
      stat(
        "Next rung in",
        "s",
        `min(spillway_policy_next_rung_seconds${AT})`,
        "At the growth of the last minute; infinite while nothing grows.",
      ),
      stat(
        "Ledger balance",
        "none",
        `sum(abs(spillway_ledger_balance_records${AT}))`,
        "Always 0. Anything else is a bug in spillway.",
      ),
    ],
  ],
  [
    "How full?",
    [
      {
        title: "Utilization, with the marks of the rungs",
        kind: "timeseries",
        width: 12,
        unit: "percentunit",
        max: 1,
        queries: [
          { expr: `spillway_policy_utilization_ratio${AT}`, legend: "{{instance}} {{policy}}" },
          { expr: `max by (policy, action) (spillway_policy_enter_ratio${AT})`, legend: "{{policy}}: {{action}}" },
        ],
        about: "Flat lines are where rungs are entered.",
        colours: { block: COLOURS.block, sample: COLOURS.sample, drop: COLOURS.drop },
      },
      {
        title: "Share of time per action",
        kind: "timeseries",
        width: 12,
        unit: "percentunit",
        max: 1,
        queries: [{ expr: `avg by (action) (rate(spillway_policy_seconds_total${AT}${RATE}))`, legend: "{{action}}" }],
        about: "Only `accept` is what you want to see for long.",
        colours: COLOURS,
      },
    ],
  ],
  [
    "Why?",
    [
      {
        title: "In, kept, out",
        kind: "timeseries",
        width: 12,
        unit: "Bps",
        queries: [
          { expr: `sum(rate(spillway_read_bytes_total${AT}${RATE}))`, legend: "in" },
          {
            expr: `sum(rate(spillway_read_bytes_total${AT}${RATE})) - sum(rate(spillway_bytes_total${at('fate=~"sampled|dropped.*"')}${RATE}))`,
            legend: "kept",
          },
          { expr: `sum(rate(spillway_bytes_total${at('fate="delivered"')}${RATE}))`, legend: "out" },
        ],
        about: "The gap between in and out waits, or is shed.",
        colours: { in: COLOURS.in, out: COLOURS.out },
      },
      {
        title: "Time to an answer",
        kind: "timeseries",
        width: 12,
        unit: "s",
        queries: [0.5, 0.99].map((q) => ({
          expr: `histogram_quantile(${q}, sum by (le) (rate(spillway_output_request_duration_seconds_bucket${AT}${RATE})))`,
          legend: `p${100 * q}`,
        })),
        about: "Of requests to Elasticsearch.",
      },
    ],
  ],
  [
    "Where did every byte go?",
    [
      {
        title: "Records by fate",
        kind: "timeseries",
        width: 16,
        unit: "cps",
        queries: [{ expr: `sum by (fate) (rate(spillway_records_total${AT}${RATE}))`, legend: "{{fate}}" }],
        about: "Everything that begins with `dropped` is lost by a policy or a limit that you set.",
        colours: { delivered: COLOURS.out, sampled: COLOURS.sample, dropped: COLOURS.drop },
      },
      third(
        "In the buffer",
        "bytes",
        `sum by (instance) (spillway_buffered_bytes${AT})`,
        "{{instance}}",
        "Read and not answered for yet.",
      ),
    ],
  ],
  [
    "Inputs",
    [
      third(
        "Unread bytes",
        "bytes",
        `topk(10, spillway_input_lag_bytes${AT})`,
        "{{instance}} {{input}}",
        "The files still have them.",
      ),
      third(
        "Late by",
        "s",
        `topk(10, spillway_input_lag_seconds${AT})`,
        "{{instance}} {{input}}",
        "How long the oldest unread byte has been waiting.",
      ),
      third(
        "At risk",
        "bytes",
        `topk(10, spillway_input_at_risk_bytes${AT})`,
        "{{instance}} {{input}}",
        "Unread bytes of deleted files: gone if the agent stops now.",
      ),
    ],
  ],
  [
    "Output",
    [
      third(
        "Requests that failed",
        "cps",
        `sum by (reason) (rate(spillway_output_requests_failed_total${AT}${RATE}))`,
        "{{reason}}",
        "Sent again; nothing is lost by it.",
      ),
      {
        title: "Requests at once",
        kind: "timeseries",
        width: 8,
        unit: "none",
        queries: [
          { expr: `sum(spillway_output_in_flight${AT})`, legend: "under way" },
          { expr: `sum(spillway_output_concurrency_limit${AT})`, legend: "limit" },
        ],
        about: "A limit that falls: the server asks for less.",
      },
      third(
        "Indices that take nothing",
        "none",
        `sum by (instance) (spillway_output_targets${at('state="stuck"')})`,
        "{{instance}}",
        "/status says which, and why.",
      ),
    ],
  ],
  [
    "Losses and dead letters",
    [
      {
        title: "Lost or refused, over the range",
        kind: "table",
        width: 24,
        unit: "none",
        queries: [
          {
            expr: `sum by (instance, input, fate) (increase(spillway_records_total${at('fate=~"sampled|dead_lettered|dropped.*"')}[$__range])) > 0`,
            legend: "",
          },
        ],
        about: "`spillway losses list` and `spillway dead-letters list` on the host name each.",
      },
    ],
  ],
  [
    "Memory, disk and process",
    [
      third(
        "Disk of the buffer",
        "bytes",
        `spillway_buffer_disk_bytes${AT}`,
        "{{instance}}",
        "Never above `buffer.disk`.",
      ),
      third(
        "Resident memory",
        "bytes",
        `process_resident_memory_bytes${at('job="spillway"')}`,
        "{{instance}}",
        "Log bytes are bounded by `buffer.memory`; the rest is the program.",
      ),
      third(
        "CPU",
        "percentunit",
        `rate(process_cpu_seconds_total${at('job="spillway"')}${RATE})`,
        "{{instance}}",
        "Of one core.",
      ),
    ],
  ],
];
