/** Ends a simulation: an invariant is violated. */
export class Violation extends Error {}

export function fail(what: string): never {
  throw new Violation(what);
}

/** A seeded random generator, uniform in [0, 1): mulberry32. */
export function rng(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Random choices from one seeded generator. */
export class Dice {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = rng(seed);
  }

  /** A whole number from 0 to n - 1. */
  int(n: number): number {
    return Math.floor(this.random() * n);
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T;
  }
}
