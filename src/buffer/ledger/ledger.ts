// Counts per input that balance to the byte: read = all fates + buffered. The live ledger is the durable ledger at start plus
// the counts of this process. A fate is counted in the step that decides it. `buffered` is counted as chunks come and go,
// never derived from the other counts. The durable ledger is separate: it changes by deltas that transactions carry.
import { type Count, FATES, type Fate } from "../../core/fate.ts";

export interface Account {
  readonly read: Count;
  /** By fate; index 0 is unused. */
  readonly fates: readonly Count[];
}

/** Per input. `retired`: bytes read from sources that were deleted from the database, so that inspect can check rule I1. */
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

/** Collects the changes that a transaction will make to the durable ledger. */
export class Deltas {
  private readonly byInput = new Map<string, LedgerDelta>();

  of(input: string): LedgerDelta {
    let delta = this.byInput.get(input);
    if (!delta) this.byInput.set(input, (delta = { input, account: emptyAccount(), retired: 0 }));
    return delta;
  }

  get isEmpty(): boolean {
    return this.byInput.size === 0;
  }

  read(input: string, records: number, bytes: number): void {
    addTo(this.of(input).account.read, records, bytes);
  }

  fate(input: string, fate: Fate, records: number, bytes: number): void {
    addTo(this.of(input).account.fates[fate], records, bytes);
  }

  /** Adds the changes that another has collected. */
  add(other: Deltas): void {
    for (const { input, account, retired } of other.list()) {
      const own = this.of(input);
      own.retired += retired;
      addTo(own.account.read, account.read.records, account.read.bytes);
      account.fates.forEach(({ records, bytes }, fate) => addTo(own.account.fates[fate], records, bytes));
    }
  }

  list(): LedgerDelta[] {
    return [...this.byInput.values()];
  }
}
