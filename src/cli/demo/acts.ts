// The four acts that the demo plays by itself, as data: how much is written, what is wrong with the output, and what
// that means in words. Shares of the whole time, so that `--seconds 20` is the same play told faster.

export interface Act {
  readonly title: string;
  readonly share: number;
  readonly sentence: string;
  /** Bytes a second that the generator writes. */
  readonly produce: number;
  /** For the sandbox's switchboard. */
  readonly faults: string;
  /** Seen during the act before: what comes, and what to look at then. */
  readonly announced: readonly [what: string, watch: string];
}

export const ACTS: readonly Act[] = [
  {
    title: "calm",
    share: 0.15,
    sentence: "the output keeps up",
    produce: 2_000_000,
    faults: "",
    announced: ["the play begins", ""],
  },
  {
    title: "slow output",
    share: 0.3,
    sentence: "the output is 2x too slow",
    produce: 4_000_000,
    faults: "rate=2MB/s",
    announced: ["the output gets slow", "watch it fill"],
  },
  {
    title: "overload",
    share: 0.3,
    sentence: "the output is 10x too slow",
    produce: 20_000_000,
    faults: "rate=2MB/s",
    announced: ["far too much comes in", "watch it climb"],
  },
  {
    title: "heal",
    share: 0.25,
    sentence: "the output is well again",
    produce: 2_000_000,
    faults: "",
    announced: ["the output heals", "watch it fall"],
  },
];

export interface ActNow {
  readonly act: Act;
  /** From 1. */
  readonly number: number;
  readonly endsInMs: number;
  readonly next: Act | undefined;
}

/** Undefined when the play is over. */
export function actAt(elapsedMs: number, totalMs: number): ActNow | undefined {
  let end = 0;
  for (const [i, act] of ACTS.entries()) {
    end += act.share * totalMs;
    if (elapsedMs < end) return { act, number: i + 1, endsInMs: end - elapsedMs, next: ACTS[i + 1] };
  }
  return undefined;
}
