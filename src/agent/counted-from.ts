// What the counters of the ledger count from. Those of an input count what happens while it is configured, those of `(retired)`
// what happens for inputs while they are not. Without this division a reload that removes an input, or returns it, would move all of
// its past from one series to another, which a rate would show as if it happened now. Invariant: over reloads no counter falls.
import { type Account, addTo, emptyAccount } from "../buffer/ledger/ledger.ts";
import { type Count, DEAD, DROPPED_LETTER } from "../core/fate.ts";

export interface CountedFrom {
  /** The inputs that are configured. */
  readonly inputs: ReadonlySet<string>;
  /** What an input's counters count from: to be subtracted from its account. */
  readonly own: ReadonlyMap<string, Account>;
  /** The same for the sum of the accounts of all inputs that are not configured. */
  readonly retired: Account;
}

/**
 * @param last of the agent that is replaced, with its ledgers at its end; undefined at the start of the process
 * @param accounts the ledgers at this moment. What the last agent had in memory alone is missing, and will be counted again
 * @param configured the inputs from now on
 */
export function countFrom(
  last: { readonly counted: CountedFrom; readonly ended: ReadonlyMap<string, Account> } | undefined,
  accounts: ReadonlyMap<string, Account>,
  configured: readonly string[],
): CountedFrom {
  const before = last?.counted ?? { inputs: new Set(accounts.keys()), own: accounts, retired: emptyAccount() };
  const now = new Set(configured);
  const own = new Map(before.own);
  let { retired } = before;
  for (const id of new Set([...accounts.keys(), ...(last?.ended.keys() ?? [])])) {
    const account = accounts.get(id) ?? emptyAccount();
    const missing = less(last?.ended.get(id) ?? account, account);
    const wasOwn = before.inputs.has(id);
    const change = Number(wasOwn) - Number(now.has(id));
    const base = plus(own.get(id) ?? emptyAccount(), missing, wasOwn ? -1 : 0);
    own.set(id, plus(base, account, -change));
    retired = plus(plus(retired, missing, wasOwn ? 0 : -1), account, change);
  }
  return { inputs: now, own, retired };
}

/**
 * By how much each count of the second is less than that of the first. Evicted dead letters move to another fate, but stay in the
 * counter of dead letters, so that these two fates are compared together.
 */
function less(account: Account, than: Account): Account {
  const sum = plus(account, than, -1);
  const [dead, evicted] = [DEAD, DROPPED_LETTER].map((fate) => sum.fates[fate]) as [Count, Count];
  addTo(dead, evicted.records, evicted.bytes);
  for (const count of [sum.read, ...sum.fates]) {
    count.records = Math.max(0, count.records);
    count.bytes = Math.max(0, count.bytes);
  }
  addTo(dead, -evicted.records, -evicted.bytes);
  return sum;
}

function plus(to: Account, other: Account, times: number): Account {
  const sum = structuredClone(to);
  addTo(sum.read, times * other.read.records, times * other.read.bytes);
  other.fates.forEach(({ records, bytes }, fate) => addTo(sum.fates[fate], times * records, times * bytes));
  return sum;
}
