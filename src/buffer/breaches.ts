// What must hold in a state database, row by row and input by input: the ledger balances, what was read of each source is
// exactly what lies before its checkpoint (rule I1), and rows lie there too. Whatever does not is said in a sentence.
import type { Envelope } from "../core/chunk.ts";
import type { Count } from "../core/fate.ts";
import type { KnownSource } from "../core/source.ts";
import type { Account } from "./ledger.ts";

export interface Breach {
  readonly rule: "balance" | "read" | "row-span" | "row-overlap" | "row-orphan";
  readonly input: string;
  readonly message: string;
}

export interface InputBooks {
  readonly input: string;
  readonly account: Account;
  /** Bytes read of sources that have been forgotten. */
  readonly retired: number;
  /** Summed from the rows, never derived. */
  readonly buffered: Count;
}

export interface RowFacts extends Count {
  readonly seq: number;
  readonly source: string;
  readonly envelope: number;
  readonly start: number;
  readonly end: number;
  readonly readAtMs: number;
  readonly stored: number;
}

export function checkInput({ input, account, retired, buffered }: InputBooks, all: readonly KnownSource[]): Breach[] {
  const breaches: Breach[] = [];
  for (const unit of ["records", "bytes"] as const) {
    const read = account.read[unit];
    const known = account.fates.reduce((sum, count) => sum + count[unit], buffered[unit]);
    if (read === known) continue;
    const message = `${read} ${unit} were read, ${known} have a fate or a row: ${read - known} are unaccounted for`;
    breaches.push({ rule: "balance", input, message });
  }
  const covered = all.reduce((sum, s) => (s.input === input ? sum + s.checkpoint - s.origin : sum), retired);
  if (covered !== account.read.bytes) {
    const message = `${account.read.bytes} bytes were read, the checkpoints of its sources stand for ${covered}`;
    breaches.push({ rule: "read", input, message });
  }
  return breaches;
}

type Known = Pick<KnownSource, "input" | "origin" | "checkpoint" | "identity">;

/** Given every row by rising sequence number, it finds those that lie where none may. */
export class RowCheck {
  private readonly sources: ReadonlyMap<string, Known>;
  private readonly envelopes: ReadonlyMap<number, Envelope>;
  /** End of the last row, by source. */
  private readonly ends = new Map<string, number>();
  /** A fault is said once per source, with the first row that has it. */
  private readonly found = new Map<string, { readonly breach: Breach; rows: number }>();

  constructor(sources: readonly KnownSource[], envelopes: readonly Envelope[]) {
    this.sources = new Map(sources.map((source) => [source.id, source]));
    this.envelopes = new Map(envelopes.map((envelope) => [envelope.id, envelope]));
  }

  /** Returns the input that the row belongs to. */
  add(row: RowFacts): string {
    const source = this.sources.get(row.source);
    const envelope = this.envelopes.get(row.envelope);
    const input = source?.input ?? envelope?.input ?? "unknown";
    if (source === undefined || envelope === undefined) {
      const missing = source === undefined ? `source ${row.source}` : `envelope ${row.envelope}`;
      this.breach(row, {
        rule: "row-orphan",
        input,
        message: `row ${row.seq} refers to ${missing}, which is not there`,
      });
    }
    if (source !== undefined) this.checkSpan(row, source);
    return input;
  }

  private checkSpan(row: RowFacts, { input, origin, checkpoint, identity }: Known): void {
    const { seq, start, end } = row;
    const span = `row ${seq} of ${identity.path} holds bytes ${start} to ${end}`;
    if (start < origin || end < start || end > checkpoint) {
      const message = `${span}, its source was read from ${origin} to ${checkpoint}`;
      this.breach(row, { rule: "row-span", input, message });
    }
    const before = this.ends.get(row.source) ?? 0;
    if (start < before) {
      const message = `${span}, an earlier row reaches to ${before}`;
      this.breach(row, { rule: "row-overlap", input, message });
    }
    this.ends.set(row.source, Math.max(before, end));
  }

  private breach(row: RowFacts, breach: Breach): void {
    const key = `${breach.rule} ${row.source}`;
    const known = this.found.get(key);
    if (known === undefined) this.found.set(key, { breach, rows: 1 });
    else known.rows++;
  }

  breaches(): readonly Breach[] {
    return [...this.found.values()].map(({ breach, rows }) =>
      rows === 1 ? breach : { ...breach, message: `${breach.message}; and ${rows - 1} more of this source` },
    );
  }
}
