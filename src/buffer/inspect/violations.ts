// Checks the invariants of a state database, per row and per input: the ledger balances; the bytes read equal those between the
// sources' origins and checkpoints; every row lies between its source's origin and checkpoint; the stored sums match the rows.
// Each violation is described in one sentence.
import type { Count } from "../../core/fate.ts";
import type { Account } from "../ledger/ledger.ts";
import type { StoredSource, Total } from "../spool/spool.ts";

export interface Violation {
  readonly rule: "balance" | "read" | "row-span" | "row-overlap" | "row-orphan" | "sum";
  readonly input: string;
  readonly message: string;
}

export interface InputBooks {
  readonly input: string;
  readonly account: Account;
  /** Bytes read from sources that have been forgotten. */
  readonly retired: number;
  /** Summed from the rows, never derived from the ledger. */
  readonly buffered: Count;
}

export interface RowFacts extends Count {
  readonly queue: number;
  readonly seq: number;
  readonly source: number;
  readonly envelope: number;
  readonly block: number;
  readonly start: number;
  readonly end: number;
  readonly readAtMs: number;
}

export function checkInput(
  { input, account, retired, buffered }: InputBooks,
  all: readonly StoredSource[],
): Violation[] {
  const violations: Violation[] = [];
  for (const unit of ["records", "bytes"] as const) {
    const read = account.read[unit];
    const known = account.fates.reduce((sum, count) => sum + count[unit], buffered[unit]);
    if (read === known) continue;
    const message = `${read} ${unit} were read, ${known} have a fate or a row: ${read - known} are unaccounted for`;
    violations.push({ rule: "balance", input, message });
  }
  const covered = all.reduce((sum, s) => (s.input === input ? sum + s.checkpoint - s.origin : sum), retired);
  if (covered !== account.read.bytes) {
    const message = `${account.read.bytes} bytes were read, the checkpoints of its sources stand for ${covered}`;
    violations.push({ rule: "read", input, message });
  }
  return violations;
}

/** Takes every row, those of one queue and source in order of sequence number, and finds rows with an invalid span. */
export class RowCheck {
  private readonly sources: ReadonlyMap<number, StoredSource>;
  private readonly envelopes: ReadonlyMap<number, string>;
  /** Furthest end so far, by queue and source: a source can have rows in several queues. */
  private readonly ends = new Map<string, { readonly seq: number; readonly end: number }>();
  /** By rule and source: the first row that violates the rule, and how many do. Each is reported once. */
  private readonly found = new Map<string, { readonly violation: Violation; rows: number }>();

  /** @param envelopes input of each envelope, by id */
  constructor(sources: readonly StoredSource[], envelopes: ReadonlyMap<number, string>) {
    this.sources = new Map(sources.map((source) => [source.num, source]));
    this.envelopes = envelopes;
  }

  /** Returns the input that the row belongs to. */
  add(row: RowFacts): string {
    const source = this.sources.get(row.source);
    const envelope = this.envelopes.get(row.envelope);
    const input = source?.input ?? envelope ?? "unknown";
    if (source === undefined || envelope === undefined) {
      const missing = source === undefined ? `source ${row.source}` : `envelope ${row.envelope}`;
      const message = `row ${row.seq} refers to ${missing}, which is not there`;
      this.violate(row, { rule: "row-orphan", input, message });
    }
    if (source !== undefined) this.checkSpan(row, source);
    return input;
  }

  private checkSpan(row: RowFacts, { input, origin, checkpoint, identity }: StoredSource): void {
    const { seq, start, end } = row;
    const span = `row ${seq} of ${identity.path} holds bytes ${start} to ${end}`;
    if (start < origin || end < start || end > checkpoint) {
      const message = `${span}, its source was read from ${origin} to ${checkpoint}`;
      this.violate(row, { rule: "row-span", input, message });
    }
    const key = `${row.queue} ${row.source}`;
    const before = this.ends.get(key);
    if (before && start < before.end) {
      const message = `${span}, an earlier row reaches to ${before.end}`;
      this.violate(row, { rule: "row-overlap", input, message });
    }
    this.ends.set(key, { seq, end: Math.max(before?.end ?? 0, end) });
  }

  private violate(row: RowFacts, violation: Violation): void {
    const key = `${violation.rule} ${row.source}`;
    const known = this.found.get(key);
    if (known === undefined) this.found.set(key, { violation, rows: 1 });
    else known.rows++;
  }

  violations(): readonly Violation[] {
    return [...this.found.values()].map(({ violation, rows }) =>
      rows === 1 ? violation : { ...violation, message: `${violation.message}; and ${rows - 1} more of this source` },
    );
  }
}

/** Compares the sums of the rows with the sums that the database stores beside them. */
export class SumCheck {
  private readonly rows = new Map<string, { chunks: number; records: number; bytes: number }>();
  private readonly bySource = new Map<number, number>();
  private readonly blocks: BlockCheck;

  constructor(blocks: BlockCheck) {
    this.blocks = blocks;
  }

  add({ queue, source, block, records, bytes }: RowFacts, input: string): void {
    const key = JSON.stringify([queue, input]);
    const sum = this.rows.get(key) ?? { chunks: 0, records: 0, bytes: 0 };
    this.rows.set(key, sum);
    sum.chunks++;
    sum.records += records;
    sum.bytes += bytes;
    this.bySource.set(source, (this.bySource.get(source) ?? 0) + 1);
    this.blocks.add(block);
  }

  violations(totals: readonly Total[], sources: readonly StoredSource[]): Violation[] {
    const found: Violation[] = [];
    const say = (input: string, message: string): void => void found.push({ rule: "sum", input, message });
    const known = new Map(totals.map((t) => [JSON.stringify([t.queue, t.input]), t]));
    for (const key of new Set([...known.keys(), ...this.rows.keys()])) {
      const [queue, input] = JSON.parse(key) as [number, string];
      const said = known.get(key);
      const seen = this.rows.get(key);
      for (const unit of ["chunks", "records", "bytes"] as const) {
        const [a, b] = [said?.[unit] ?? 0, seen?.[unit] ?? 0];
        if (a !== b) say(input, `queue ${queue} is said to hold ${a} ${unit}, its rows have ${b}`);
      }
    }
    for (const { num, input, identity, chunks } of sources) {
      const seen = this.bySource.get(num) ?? 0;
      if (chunks !== seen) say(input, `${identity.path} is said to have ${chunks} rows, and has ${seen}`);
    }
    const blocks = this.blocks.wrong();
    if (blocks > 0) say("unknown", `${blocks} blocks do not have as many rows as they say, or are not there`);
    return found;
  }
}

/** Compares the rows of each block with the live rows that the block states. A block takes 12 bytes, a tenth of a map's entry. */
export class BlockCheck {
  private readonly ids: Float64Array;
  /** Rows that have not been seen yet. */
  private readonly left: Int32Array;
  private readonly unknown = new Set<number>();

  /** @param blocks in order of id */
  constructor(count: number, blocks: Iterable<readonly [id: number, live: number]>) {
    this.ids = new Float64Array(count);
    this.left = new Int32Array(count);
    let i = 0;
    for (const [id, live] of blocks) {
      this.ids[i] = id;
      this.left[i++] = live;
    }
  }

  add(block: number): void {
    const i = this.find(block);
    if (this.ids[i] === block) this.left[i] = (this.left[i] as number) - 1;
    else this.unknown.add(block);
  }

  /** The first block that is not below this one. */
  private find(block: number): number {
    let [low, high] = [0, this.ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ids[middle] as number) < block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many blocks have other rows than they state, or are not there. */
  wrong(): number {
    return this.left.reduce((sum, rows) => sum + Number(rows !== 0), this.unknown.size);
  }
}
