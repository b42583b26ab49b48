// Formats the ledger as an equation of record counts that the user can check.
import { count } from "../../core/figures.ts";
import { DROP_REASONS } from "../../core/fate.ts";
import type { LedgerStatus } from "../../ops/ledger-status.ts";

export function dropped(ledger: LedgerStatus): number {
  return DROP_REASONS.reduce((sum, reason) => sum + ledger.dropped[reason].records, 0);
}

export function balanceWord(ledger: LedgerStatus): string {
  const { records, bytes } = ledger.balance;
  return records === 0 && bytes === 0
    ? "balance 0 OK"
    : `balance ${count(records)} records, ${count(bytes)} bytes: BUG`;
}

/** The terms of the equation; the rare fates are left out if they are zero. */
export function equationTerms(ledger: LedgerStatus): string[] {
  const rare = (word: string, records: number): string[] => (records > 0 ? [`${word} ${count(records)}`] : []);
  return [
    `delivered ${count(ledger.delivered.records)}`,
    ...rare("duplicates", ledger.duplicates.records),
    `sampled ${count(ledger.sampled.records)}`,
    `dropped ${count(dropped(ledger))}`,
    ...rare("dead letters", ledger.dead_lettered.records),
    `buffered ${count(ledger.buffered.records)}`,
  ];
}

/** Fits as many terms on a line as possible, with the balance right-aligned at the end: two lines, three with huge numbers. */
export function renderEquation(ledger: LedgerStatus, width: number): string[] {
  const head = ` read ${count(ledger.read.records)}`;
  const indent = " ".repeat(head.length);
  const done: string[] = [];
  let line = head;
  for (const [i, term] of equationTerms(ledger).entries()) {
    const piece = `${i === 0 ? " = " : " + "}${term}`;
    if (line.length + piece.length > width) {
      done.push(line);
      line = indent;
    }
    line += piece;
  }
  const balance = `${balanceWord(ledger)} `;
  if (done.length === 0 || line.length + balance.length > width) {
    done.push(line);
    line = "";
  }
  return [...done, line.padEnd(width - balance.length) + balance];
}
