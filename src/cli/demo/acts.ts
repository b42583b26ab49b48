// The four acts that the demo plays by itself, as data: how much is written, what is wrong with the output, and what
// that means in words. Shares of the whole time, so that `--seconds 20` is the same play told faster.
//
// The rates follow from the budgets of config.ts, not from the machine: rows take a fifth of their lines' bytes, so that
// 11 MiB of rows are 55 MB of lines, and the second act brings up to `block` what the third then carries over the top.

export interface Act {
  readonly title: string;
  readonly share: number;
  readonly sentence: string;
  /** Bytes a second that the generator writes, in a play of 60 s. */
  readonly produce: number;
  /** For the sandbox's switchboard. */
  readonly faults: string;
  /** Seen during the act before: what comes, and what to look at then. */
  readonly announced: readonly [what: string, watch: string];
}

/**
 * Longer than the 5 s without an answer after which the spool takes over, by enough to get something into it before the
 * first answer: a sink that takes and a backlog that is in memory end the spilling at once.
 */
const SLOW = "slow=10s";

export const ACTS: readonly Act[] = [
  {
    title: "calm",
    share: 0.1,
    sentence: "the output keeps up",
    produce: 1_500_000,
    faults: "",
    announced: ["the play begins", ""],
  },
  {
    title: "slow output",
    share: 0.35,
    sentence: "an answer takes 10 s",
    produce: 2_500_000,
    faults: SLOW,
    announced: ["the output gets slow", "watch it fill"],
  },
  {
    title: "overload",
    share: 0.3,
    sentence: "and more comes in",
    produce: 6_000_000,
    faults: SLOW,
    announced: ["far too much comes in", "watch it climb"],
  },
  {
    title: "heal",
    share: 0.25,
    sentence: "the output is well again",
    produce: 1_500_000,
    faults: "",
    announced: ["the output heals", "watch it fall"],
  },
];

/** The play with other faults in its two bad acts. */
export function playWith(faults: string): readonly Act[] {
  return ACTS.map((act) => (act.faults === "" ? act : { ...act, faults, sentence: `the output: ${faults}` }));
}

/** Bytes a second, so that a shorter play writes as much in all. */
export function produced(act: Act, totalMs: number): number {
  return act.produce * Math.max(1, 60_000 / totalMs);
}

export interface ActNow {
  readonly act: Act;
  /** From 1. */
  readonly number: number;
  readonly endsInMs: number;
  readonly next: Act | undefined;
}

/** Undefined when the play is over. */
export function actAt(elapsedMs: number, totalMs: number, acts: readonly Act[] = ACTS): ActNow | undefined {
  let end = 0;
  for (const [i, act] of acts.entries()) {
    end += act.share * totalMs;
    if (elapsedMs < end) return { act, number: i + 1, endsInMs: end - elapsedMs, next: acts[i + 1] };
  }
  return undefined;
}
