// A rate over time, as steps: 10,000/s for 10 minutes, then 2,000/s. An outage is a step of 0/s.

export interface Step {
  /** Records per second. */
  readonly rate: number;
  /** Ignored in the last step, which never ends. */
  readonly forMs: number;
}
export type Profile = readonly [Step, ...Step[]];

export function steady(rate: number): Profile {
  return [{ rate, forMs: Infinity }];
}

/** Returns a function that gives the whole records between two times. It carries the fraction over to the next call. */
export function flow(profile: Profile): (fromMs: number, toMs: number) => number {
  let rest = 0;
  return (fromMs, toMs) => {
    const exact = rest + amount(profile, fromMs, toMs);
    // The rounding errors of many tenths can leave the sum just below a whole number.
    const whole = Math.floor(exact + 1e-6);
    rest = exact - whole;
    return whole;
  };
}

function amount(profile: Profile, fromMs: number, toMs: number): number {
  let start = 0;
  let total = 0;
  for (const [index, step] of profile.entries()) {
    const end = index === profile.length - 1 ? Infinity : start + step.forMs;
    total += (step.rate * Math.max(0, Math.min(toMs, end) - Math.max(fromMs, start))) / 1000;
    start = end;
  }
  return total;
}

/** "10,000/s", "10,000/s for 10m, then 2,000/s". */
export function describeProfile(profile: Profile, count: (n: number) => string, time: (ms: number) => string): string {
  return profile
    .map((step, index) => `${count(step.rate)}/s${index < profile.length - 1 ? ` for ${time(step.forMs)}` : ""}`)
    .join(", then ");
}
