// Metrics of the ledger: what became of the records that were read.
import {
  DEAD,
  DROP_REASONS,
  DROPPED_LETTER,
  DROPPED_OLDEST,
  FATES,
  OPEN,
  type Count,
  type Fate,
} from "../../core/fate.ts";
import type { Facts, InputFacts } from "../facts.ts";
import { buildStatus } from "../status.ts";
import { one, perInput, type Metric, type Series } from "./metric.ts";

/** The value of the label `fate`, by Fate. */
export const FATE_LABELS: readonly string[] = FATES.map((name, fate) =>
  fate >= DROPPED_OLDEST && fate < DROPPED_OLDEST + DROP_REASONS.length ? `dropped_${name}` : name,
);
const SETTLED: readonly Fate[] = FATES.map((_, fate) => fate).filter((fate) => fate !== OPEN);

export const LEDGER_METRICS: readonly Metric[] = [
  {
    name: "spillway_read_records_total",
    type: "counter",
    labels: ["input"],
    help: "Records read.",
    meaning:
      "What came in. Equals the sum over `spillway_records_total`, without `dropped_dead_letter_budget`, plus what the buffer holds more than at start, until a reload removes or returns an input, or has to read something again; the status always balances.",
    read: (facts) => perInput(facts, (input) => input.ledger.read.records - input.countedFrom.read.records),
  },
  {
    name: "spillway_read_bytes_total",
    type: "counter",
    labels: ["input"],
    help: "Bytes read, counted in the source.",
    meaning: 'The rate of this against `spillway_bytes_total{fate="delivered"}` says whether the destination keeps up.',
    read: (facts) => perInput(facts, (input) => input.ledger.read.bytes - input.countedFrom.read.bytes),
  },
  {
    name: "spillway_records_total",
    type: "counter",
    labels: ["input", "fate"],
    help: "Records by fate.",
    meaning: `Fates: ${SETTLED.map((fate) => `\`${FATE_LABELS[fate]}\``).join(", ")}. Everything \`dropped_\` is lost by a policy or a limit that you set. \`dead_lettered\` counts verdicts and never goes down; which of these were removed later to keep to \`output.dead_letters\` is \`dropped_dead_letter_budget\`, on top of the sum.`,
    read: (facts) => perFate(facts, "records"),
  },
  {
    name: "spillway_bytes_total",
    type: "counter",
    labels: ["input", "fate"],
    help: "Bytes by fate.",
    meaning: "The same in bytes of the source.",
    read: (facts) => perFate(facts, "bytes"),
  },
  {
    name: "spillway_buffered_records",
    type: "gauge",
    labels: ["input"],
    help: "Records in the buffer.",
    meaning: "Read, without a fate so far.",
    read: (facts) => perInput(facts, (input) => input.ledger.buffered.records),
  },
  {
    name: "spillway_buffered_bytes",
    type: "gauge",
    labels: ["input"],
    help: "Bytes in the buffer, counted in the source.",
    meaning: "Read, without a fate so far.",
    read: (facts) => perInput(facts, (input) => input.ledger.buffered.bytes),
  },
  {
    name: "spillway_ledger_balance_records",
    type: "gauge",
    labels: [],
    help: "Records read less records accounted for.",
    meaning: "Always 0. Anything else is a bug in spillway: please report it.",
    read: (facts) => one(buildStatus(facts).ledger.balance.records),
  },
  {
    name: "spillway_ledger_balance_bytes",
    type: "gauge",
    labels: [],
    help: "Bytes read less bytes accounted for.",
    meaning: "Always 0. Anything else is a bug in spillway: please report it.",
    read: (facts) => one(buildStatus(facts).ledger.balance.bytes),
  },
];

function perFate(facts: Facts, unit: keyof Count): Series[] {
  const grown = (input: InputFacts, fate: Fate): number =>
    (input.ledger.fates[fate]?.[unit] ?? 0) - (input.countedFrom.fates[fate]?.[unit] ?? 0);
  // A counter never goes down, so a dead letter that was removed later still counts as dead-lettered.
  const since = (input: InputFacts, fate: Fate): number =>
    grown(input, fate) + (fate === DEAD ? grown(input, DROPPED_LETTER) : 0);
  return [...facts.inputs].flatMap(([input, of]) =>
    SETTLED.map((fate) => ({ labels: { input, fate: FATE_LABELS[fate] as string }, value: since(of, fate) })),
  );
}
