// The ledger of every byte, for people. Invariant: `read` and each fate are counted independently, and `balance` is `read` minus
// all others. It is always computed, never assumed to be zero, so a lost or duplicated byte shows.
import {
  DEAD,
  DELIVERED,
  DROP_REASONS,
  DROPPED_OLDEST,
  DUPLICATE,
  FATES,
  SAMPLED,
  type Count,
  type Fate,
} from "../core/fate.ts";
import type { LedgerFacts } from "./facts.ts";

export type DropReason = (typeof DROP_REASONS)[number];

export interface LedgerStatus {
  read: Count;
  delivered: Count;
  duplicates: Count;
  sampled: Count;
  dropped: Record<DropReason, Count>;
  dead_lettered: Count;
  buffered: Count;
  /** Always zero; anything else is a bug. */
  balance: Count;
}

export function ledgerStatus(ledger: LedgerFacts): LedgerStatus {
  const of = (fate: Fate): Count => ({ ...(ledger.fates[fate] ?? NOTHING) });
  const balance = { ...ledger.read };
  for (const part of [...ledger.fates, ledger.buffered]) {
    balance.records -= part.records;
    balance.bytes -= part.bytes;
  }
  return {
    read: { ...ledger.read },
    delivered: of(DELIVERED),
    duplicates: of(DUPLICATE),
    sampled: of(SAMPLED),
    dropped: Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, of(DROPPED_OLDEST + i)])) as Record<
      DropReason,
      Count
    >,
    dead_lettered: of(DEAD),
    buffered: { ...ledger.buffered },
    balance,
  };
}

const NOTHING: Count = { records: 0, bytes: 0 };

export function sumLedgers(ledgers: readonly LedgerFacts[]): LedgerFacts {
  const sum = (counts: readonly Count[]): Count => ({
    records: counts.reduce((total, count) => total + count.records, 0),
    bytes: counts.reduce((total, count) => total + count.bytes, 0),
  });
  return {
    read: sum(ledgers.map((ledger) => ledger.read)),
    fates: FATES.map((_, fate) => sum(ledgers.map((ledger) => ledger.fates[fate] ?? NOTHING))),
    buffered: sum(ledgers.map((ledger) => ledger.buffered)),
  };
}
