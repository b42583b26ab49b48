// `node test/model/hunt.ts KIND COUNT FROM`: runs seeds one after another until one finds a violation, and says so as one
// line of JSON. A process of its own: several run side by side, and mutants of the code are hunted in copies of the tree.
import { load } from "./load.ts";
import { schedule } from "./schedule.ts";

/** memory, sqlite: random schedules, by what commits go to. load: an outage, then 95 % load for ever. */
export type Kind = "memory" | "sqlite" | "load";

export interface Hunted {
  readonly runs: number;
  readonly found: { readonly seed: number; readonly violation: string } | undefined;
}

export function hunt(kind: Kind, count: number, from: number): Hunted {
  for (let seed = from; seed < from + count; seed++) {
    const found = kind === "load" ? load(seed) : schedule(seed, kind);
    if (found !== undefined) return { runs: seed - from + 1, found: { seed, violation: found } };
  }
  return { runs: count, found: undefined };
}

if (import.meta.main) {
  const [kind, count, from] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(hunt(kind as Kind, Number(count), Number(from)))}\n`);
}
