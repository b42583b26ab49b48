// Divides the budget among the ladders in use, so that a flood in one never makes another shed. Invariant: the shares are whole
// bytes and add up to exactly the budget.
import type { BufferOptions, InputOptions } from "../core/options.ts";
import { ratioText } from "../core/units.ts";

/** Names of the ladders that the inputs use, without duplicates, in the order of the inputs. */
export function laddersInUse(inputs: readonly Pick<InputOptions, "policy">[]): readonly string[] {
  return [...new Set(inputs.map((input) => input.policy))];
}

/**
 * The ratio of each ladder in use. Named ladders get their configured ratio; the others share the rest equally. If every ladder
 * in use is named, their ratios are scaled to use the whole budget.
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

/** Why the configured shares do not work; undefined when they do. */
export function shareFault(named: BufferOptions["shares"], inUse: readonly string[]): string | undefined {
  const sum = inUse.reduce((total, policy) => total + (named[policy] ?? 0), 0);
  const others = inUse.filter((policy) => named[policy] === undefined);
  if (sum > 1 + 1e-9) return `shares add up to ${ratioText(sum)}, more than the whole`;
  if (others.length > 0 && sum > 1 - 1e-9)
    return `shares add up to ${ratioText(sum)}, nothing is left for \`${others[0]}\``;
  return undefined;
}
