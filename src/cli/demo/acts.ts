// The four acts that the demo plays by itself, as data: the write rate, the faults of the output, and a description. Durations
// are shares of the whole time, so `--seconds 20` plays the same acts faster.
//
// The rates follow from the budgets of config.ts, not from the machine. Rows take a fifth of the bytes of their lines, so
// 11 MiB of rows hold 55 MB of lines. The second act fills the buffer up to `block`, the third pushes it beyond.

export interface Act {
  readonly title: string;
  readonly share: number;
  readonly sentence: string;
  /** Bytes per second that the generator writes in a demo of 60 s. */
  readonly produce: number;
  /** The sandbox's faults during the act. */
  readonly faults: string;
  /** Shown during the previous act: what comes next, and what to watch. */
  readonly announced: readonly [what: string, watch: string];
}

/**
 * Spilling starts after 5 s without a response. The delay exceeds that by enough to spill something before the first response.
 * Otherwise spilling would end at once, because the output accepts and the whole backlog is in memory.
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

/** The acts with other faults in the two bad ones. */
export function playWith(faults: string): readonly Act[] {
  return ACTS.map((act) => (act.faults === "" ? act : { ...act, faults, sentence: `the output: ${faults}` }));
}

/** Bytes per second, raised for demos shorter than 60 s so that they write as much in total. */
export function produced(act: Act, totalMs: number): number {
  return act.produce * Math.max(1, 60_000 / totalMs);
}

export interface ActNow {
  readonly act: Act;
  /** Counted from 1. */
  readonly number: number;
  readonly endsInMs: number;
  readonly next: Act | undefined;
}

/** The current act; undefined when the last act has ended. */
export function actAt(elapsedMs: number, totalMs: number, acts: readonly Act[] = ACTS): ActNow | undefined {
  let end = 0;
  for (const [i, act] of acts.entries()) {
    end += act.share * totalMs;
    if (elapsedMs < end) return { act, number: i + 1, endsInMs: end - elapsedMs, next: acts[i + 1] };
  }
  return undefined;
}
