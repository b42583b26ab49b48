// How the budget is divided among the ladders in use: a flood in one never sheds another's. What must hold: the shares
// add up to the budget exactly, and each is a whole number of bytes.
import type { BufferOptions, InputOptions } from "../core/options.ts";
import { ratioText } from "../core/units.ts";

/** Names of the ladders that inputs use, each once, in the order of the inputs. */
export function laddersInUse(inputs: readonly Pick<InputOptions, "policy">[]): readonly string[] {
  return [...new Set(inputs.map((input) => input.policy))];
}

/**
 * The ratio of each ladder in use: the named ones as named, the others equally from the rest. With none left to take the
 * rest, or no rest for the others, the named ones are scaled so that the whole is used.
 */
export function shareRatios(named: BufferOptions["shares"], inUse: readonly string[]): ReadonlyMap<string, number> {
  const others = inUse.filter((policy) => named[policy] === undefined);
  const sum = inUse.reduce((total, policy) => total + (named[policy] ?? 0), 0);
  if (others.length === 0) return new Map(inUse.map((policy) => [policy, (named[policy] as number) / sum]));
  return new Map(inUse.map((policy) => [policy, named[policy] ?? (1 - sum) / others.length]));
}

/** Bytes of each ladder in use. */
export function shareBytes(ratios: ReadonlyMap<string, number>, budget: number): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  let upTo = 0;
  let given = 0;
  for (const [policy, ratio] of ratios) {
    upTo += ratio;
    const end = shares.size === ratios.size - 1 ? budget : Math.min(budget, Math.round(upTo * budget));
    shares.set(policy, end - given);
    given = end;
  }
  return shares;
}

/** Why the named shares cannot be given out; undefined when they can. */
export function shareFault(named: BufferOptions["shares"], inUse: readonly string[]): string | undefined {
  const sum = inUse.reduce((total, policy) => total + (named[policy] ?? 0), 0);
  const others = inUse.filter((policy) => named[policy] === undefined);
  if (sum > 1 + 1e-9) return `shares add up to ${ratioText(sum)}, more than the whole`;
  if (others.length > 0 && sum > 1 - 1e-9)
    return `shares add up to ${ratioText(sum)}, nothing is left for \`${others[0]}\``;
  return undefined;
}
