// `node test/simulation/hunt.ts KIND COUNT FROM`: runs seeds in order until one finds a violation, and prints the result as one
// line of JSON. With a count of 1 it also prints what happened. It is a process of its own, so that several can run side by
// side, and can run on mutants in copies of the tree.
import type { Hunted } from "../helpers/hunters.ts";
import { simulate } from "./simulation.ts";

/** Where the state database is. */
export type Kind = "memory" | "files";

export async function hunt(kind: Kind, count: number, from: number): Promise<Hunted> {
  for (let seed = from; seed < from + count; seed++) {
    const tell = count === 1 ? (line: string): void => void process.stderr.write(`${line}\n`) : undefined;
    const found = await simulate(seed, kind, tell);
    if (found !== undefined) return { runs: seed - from + 1, found: { seed, violation: found } };
  }
  return { runs: count, found: undefined };
}

if (import.meta.main) {
  const [kind, count, from] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await hunt(kind as Kind, Number(count), Number(from)))}\n`);
}
