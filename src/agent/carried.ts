// Carries the counters of replaced agents over a reload. Each agent counts from zero, but the figures of the process must only
// ever go up, also those of an input, a ladder or an action that is configured again after a while.
import type { Facts, InputFacts, OutputFacts, PolicyFacts } from "../ops/facts.ts";

type Counts = Readonly<Partial<Record<string, number>>>;

export class Carried {
  private before: Facts | undefined;

  /** @param facts the final facts of the last agent, as returned by `into` */
  keep(facts: Facts): void {
    const { policies, inputs } = this.before ?? facts;
    const withActions = (last: PolicyFacts, before: PolicyFacts): PolicyFacts => ({
      ...last,
      actionMs: { ...before.actionMs, ...last.actionMs },
    });
    this.before = {
      ...facts,
      policies: new Map([...policies, ...merged(facts.policies, policies, withActions)]),
      inputs: new Map([...inputs, ...facts.inputs]),
    };
  }

  /** The same facts, with counters since the start of the process. */
  into(facts: Facts): Facts {
    const { before } = this;
    if (before === undefined) return facts;
    return {
      ...facts,
      policies: merged(facts.policies, before.policies, policy),
      inputs: merged(facts.inputs, before.inputs, input),
      output: output(facts.output, before.output),
    };
  }
}

/** Merges the entries of the same name. Entries that no longer exist are left out. */
function merged<T>(
  now: ReadonlyMap<string, T>,
  before: ReadonlyMap<string, T>,
  merge: (now: T, before: T) => T,
): Map<string, T> {
  const of = (name: string, value: T): T => {
    const other = before.get(name);
    return other === undefined ? value : merge(value, other);
  };
  return new Map([...now].map(([name, value]) => [name, of(name, value)]));
}

function policy(now: PolicyFacts, before: PolicyFacts): PolicyFacts {
  const own = Object.entries(before.actionMs).filter(([action]) => action in now.actionMs);
  return { ...now, actionMs: sum(now.actionMs, Object.fromEntries(own)) };
}

function input(now: InputFacts, before: InputFacts): InputFacts {
  return {
    ...now,
    unread: sum(now.unread, before.unread),
    failures: now.failures + before.failures,
    refusedLinks: now.refusedLinks + before.refusedLinks,
  };
}

function output(now: OutputFacts, before: OutputFacts): OutputFacts {
  return {
    ...now,
    storedAtMs: now.storedAtMs ?? before.storedAtMs,
    requests: now.requests + before.requests,
    failures: sum(now.failures, before.failures),
    bodyBytes: now.bodyBytes + before.bodyBytes,
    wireBytes: now.wireBytes + before.wireBytes,
    items: sum(now.items, before.items),
    failureStored: now.failureStored + before.failureStored,
    unexpectedDuplicates: now.unexpectedDuplicates + before.unexpectedDuplicates,
  };
}

function sum<T extends Counts>(now: T, before: Counts): T {
  return Object.fromEntries(Object.entries(now).map(([name, n]) => [name, (n ?? 0) + (before[name] ?? 0)])) as T;
}
