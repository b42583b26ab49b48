// What can happen to log files and to who reads them: random histories, each by its seed.
import fc from "fast-check";

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
  /** *.log: a rotated file has no name that is looked for. */
  readonly pattern: "*.log" | "*";
  /** Nobody does both to one log: a copy of what was renamed could not be told from a file of its own. */
  readonly rotation: "rename" | "copytruncate";
  /** once: the last process reads every file to its end, last lines without an end included. */
  readonly last: "follow" | "once";
  readonly steps: readonly Step[];
}

const change = fc.constantFrom<Change>(
  ...(["write", "write", "write", "begin line", "end line", "rotate", "rotate"] as const),
  ...(["delete", "replace", "truncate", "regrow", "overwrite"] as const),
);
const event = fc.constantFrom<Event>(
  ...(["settle", "settle", "notice", "notice", "rest", "restart", "crash"] as const),
  ...(["stop", "kill", "start", "start", "block", "unblock", "unblock"] as const),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: change, file: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: event }) },
);

export const anyHistory: fc.Arbitrary<History> = fc.record({
  pattern: fc.constantFrom("*.log", "*"),
  rotation: fc.constantFrom("rename", "rename", "copytruncate"),
  last: fc.constantFrom("follow", "follow", "once"),
  steps: fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
});

export function historyOf(seed: number): History {
  return fc.sample(anyHistory, { seed, numRuns: 1 })[0] as History;
}
