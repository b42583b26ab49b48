// The definition of a metric: its name, its description, and how it is read from the facts. Counters count from the start of this
// process.
import type { Facts, InputFacts, PolicyFacts } from "../facts.ts";
import type { ProcessFacts } from "../process-facts.ts";

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Only if it differs from the metric's name, as for the parts of a histogram. */
  readonly name?: string;
}

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** How to interpret it, for the reference page. */
  readonly meaning: string;
  read(facts: Facts, process: ProcessFacts): Series[];
}

export function one(value: number): Series[] {
  return [{ labels: {}, value }];
}

/** One series per possible value: 1 for the current one, 0 for the others. */
export function oneOf<T extends string>(label: string, all: readonly T[], now: T): Series[] {
  return all.map((value) => ({ labels: { [label]: value }, value: value === now ? 1 : 0 }));
}

export function perInput(facts: Facts, value: (input: InputFacts) => number): Series[] {
  return [...facts.inputs].map(([input, of]) => ({ labels: { input }, value: value(of) }));
}

export function perPolicy(facts: Facts, value: (policy: PolicyFacts) => number): Series[] {
  return [...facts.policies].map(([policy, of]) => ({ labels: { policy }, value: value(of) }));
}
