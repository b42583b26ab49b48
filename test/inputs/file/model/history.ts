// Random histories of log files and of the agent that reads them, each generated from a seed.
import fc from "../../../helpers/fc.ts";
import type { Hints } from "./tailed.ts";

export type Change =
  | "write"
  | "begin line"
  | "end line"
  | "rotate"
  | "delete"
  | "replace"
  | "truncate"
  | "regrow"
  | "overwrite";
export type Event =
  | "settle"
  | "notice"
  | "rest"
  | "block"
  | "unblock"
  | "restart"
  | "crash"
  | "stop"
  | "kill"
  | "start";
export type Step = { readonly do: Change; readonly file: number } | { readonly do: Event };

export interface History {
  /** With *.log, rotated files no longer match. */
  readonly pattern: "*.log" | "*";
  /** One history never uses both: the copy of a renamed file could not be told from a file of its own. */
  readonly rotation: "rename" | "copytruncate";
  readonly hints: Hints;
  /** once: the last process reads every file to its end, unfinished last lines included. */
  readonly last: "follow" | "once";
  readonly steps: readonly Step[];
}

/** Relative frequency of each kind of step, in histories that have it. */
const CHANGES: Readonly<Record<Change, number>> = {
  write: 3,
  "begin line": 1,
  "end line": 1,
  rotate: 2,
  delete: 1,
  replace: 1,
  truncate: 1,
  regrow: 1,
  overwrite: 1,
};
const EVENTS: Readonly<Record<Event, number>> = {
  settle: 4,
  notice: 4,
  rest: 1,
  restart: 1,
  crash: 1,
  stop: 1,
  kill: 1,
  start: 2,
  block: 1,
  unblock: 2,
};

/** Picks from the kinds whose coin came up, and from `anyhow` in any case. */
function among<T extends string>(
  weights: Readonly<Record<T, number>>,
  coins: readonly boolean[],
  anyhow: readonly T[],
): fc.Arbitrary<T> {
  const kinds = (Object.keys(weights) as T[]).filter((kind, i) => coins[i] || anyhow.includes(kind));
  return fc.oneof(...kinds.map((kind) => ({ weight: weights[kind], arbitrary: fc.constant(kind) })));
}

const coins = (weights: object): fc.Arbitrary<boolean[]> =>
  fc.array(fc.boolean(), { minLength: Object.keys(weights).length, maxLength: Object.keys(weights).length });

/**
 * Each history uses only some kinds of steps. If every kind were possible, the effect of one step would soon be wiped out by
 * another, and rules that only a short chain of steps exercises would hardly ever be tested.
 */
const steps: fc.Arbitrary<Step[]> = fc
  .record({
    changes: coins(CHANGES),
    events: coins(EVENTS),
    writing: fc.constantFrom<Change>("write", "begin line"),
    files: fc.nat(1),
    most: fc.constantFrom(6, 20),
  })
  .chain(({ changes, events, writing, files, most }) => {
    const change = fc.record({ do: among(CHANGES, changes, [writing]), file: fc.nat(files) });
    const event = fc.record({ do: among(EVENTS, events, ["settle"]) });
    const nap = fc
      .record({
        end: fc.constantFrom<Event>("stop", "kill"),
        meanwhile: fc.array(change, { minLength: 1, maxLength: 3 }),
      })
      .map(({ end, meanwhile }): Step[] => [{ do: end }, ...meanwhile, { do: "start" }]);
    const some = fc.oneof(
      { weight: 10, arbitrary: change.map((step): Step[] => [step]) },
      { weight: 4, arbitrary: event.map((step): Step[] => [step]) },
      { weight: 1, arbitrary: nap },
    );
    return fc.array(some, { minLength: 3, maxLength: most, size: "max" }).map((parts) => parts.flat());
  });

export const anyHistory: fc.Arbitrary<History> = fc.record({
  pattern: fc.constantFrom("*.log", "*"),
  rotation: fc.constantFrom("rename", "rename", "copytruncate"),
  hints: fc.constantFrom("given", "given", "none"),
  last: fc.constantFrom("follow", "follow", "once"),
  steps,
});

/** A history as text. Each step is its kind and the number of its file. */
export interface WrittenHistory extends Omit<History, "steps"> {
  readonly steps: string;
}

export function read(written: WrittenHistory): History {
  const steps = written.steps.split(", ").map((text) => {
    const [, what, file] = /^(.*?)(?: (\d))?$/.exec(text) ?? [];
    return (file === undefined ? { do: what } : { do: what, file: Number(file) }) as Step;
  });
  return { ...written, steps };
}

export function written(history: History): WrittenHistory {
  const steps = history.steps.map((step) => ("file" in step ? `${step.do} ${step.file}` : step.do));
  return { ...history, steps: steps.join(", ") };
}

export function historyOf(seed: number): History {
  return fc.sample(anyHistory, { seed, numRuns: 1 })[0] as History;
}
