// The account, per input and conserved to the byte: read = all fates + buffered. Live: what was durable at start plus this
// process; a fate moves in the step in which its verdict falls; `buffered` is summed from the chunks held, never derived
// from the rest (rule L1). The durable ledger is another thing: it moves by deltas that the writer composes (rule L2).
import { type Count, FATES, type Fate } from "../core/fate.ts";

export interface Account {
  readonly read: Count;
  /** By fate; index 0 is unused. */
  readonly fates: readonly Count[];
}

/** Per input. `retired`: bytes read of sources that have been forgotten, so that inspect can check rule I1. */
export interface LedgerDelta {
  readonly input: string;
  readonly account: Account;
  retired: number;
}

export function emptyAccount(): Account {
  return { read: { records: 0, bytes: 0 }, fates: FATES.map(() => ({ records: 0, bytes: 0 })) };
}

export function addTo(count: Count | undefined, records: number, bytes: number): void {
  (count as Count).records += records;
  (count as Count).bytes += bytes;
}

export class Ledger {
  private readonly accounts = new Map<string, Account>();

  constructor(durable: readonly LedgerDelta[]) {
    for (const { input, account } of durable) this.accounts.set(input, structuredClone(account));
  }

  of(input: string): Account {
    let account = this.accounts.get(input);
    if (!account) this.accounts.set(input, (account = emptyAccount()));
    return account;
  }

  read(input: string, records: number, bytes: number): void {
    addTo(this.of(input).read, records, bytes);
  }

  fate(input: string, fate: Fate, records: number, bytes: number): void {
    addTo(this.of(input).fates[fate], records, bytes);
  }

  [Symbol.iterator](): IterableIterator<[string, Account]> {
    return this.accounts.entries();
  }
}

/** Collects what one transaction changes of the durable ledger. */
export class Deltas {
  private readonly byInput = new Map<string, LedgerDelta>();

  of(input: string): LedgerDelta {
    let delta = this.byInput.get(input);
    if (!delta) this.byInput.set(input, (delta = { input, account: emptyAccount(), retired: 0 }));
    return delta;
  }

  read(input: string, records: number, bytes: number): void {
    addTo(this.of(input).account.read, records, bytes);
  }

  fates(input: string, counts: ReadonlyMap<Fate, Count>): void {
    const { account } = this.of(input);
    for (const [fate, count] of counts) addTo(account.fates[fate], count.records, count.bytes);
  }

  list(): LedgerDelta[] {
    return [...this.byInput.values()];
  }
}
