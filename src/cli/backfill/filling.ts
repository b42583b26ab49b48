// Backfills one source: reads its loss ranges again from the file that has them now, in file order, and sends the missing
// records. A record is missing if it lies in a loss range that is not backfilled up to there. In a sampled range, the missing
// records are those that the sampling hash did not keep. Invariant: ranges are marked and records counted only after the
// server has responded, in one step.
import type { BackfillBooks, LossKey } from "../../buffer/backfill/books.ts";
import type { LostSource } from "../../buffer/backfill/lost-sources.ts";
import type { LossFacts } from "../../buffer/inspect/losses.ts";
import type { Loss } from "../../buffer/spool/spool.ts";
import type { Draft, Envelope } from "../../core/chunk.ts";
import { type Count, FATES, SAMPLED, OPEN } from "../../core/fate.ts";
import type { Log } from "../../core/log.ts";
import type { Config, FileInputOptions } from "../../core/options.ts";
import type { Piece, Refusal } from "../../core/output.ts";
import { indexName } from "../../outputs/elasticsearch/index-name.ts";
import { sampleHash, thinning } from "../../policy/sample.ts";
import type { Ended, Prepared, Resender } from "../letters/resend.ts";
import type { Located } from "./locate.ts";
import { readAgain } from "./reading.ts";
import { type Place, type Records, recordsOf } from "./records.ts";

/** A gap up to this size is read through, which is cheaper than starting another read. */
const SMALL_GAP = 4 << 20;

export interface Sums {
  readonly stored: Count;
  readonly exists: Count;
  readonly refused: Count;
  first: Refusal | undefined;
}

export interface FillingParts {
  readonly source: LostSource;
  readonly file: Located;
  readonly input: FileInputOptions;
  readonly config: Config;
  readonly resender: Resender;
  readonly books: BackfillBooks;
  readonly sums: Sums;
  readonly log: Log;
}

/** A loss range, and the offset up to which it is backfilled. */
interface Open {
  readonly range: LossFacts;
  to: number;
}

type Item = Place & { readonly range: LossFacts };

export class Filling {
  private readonly parts: FillingParts;
  /** The unfinished ranges, by ascending start. */
  private open: readonly Open[];

  constructor(parts: FillingParts) {
    this.parts = parts;
    this.open = parts.source.ranges.map((range) => ({ range, to: Math.max(range.start, range.backfilledTo) }));
  }

  /** @returns the ranges that the file does not contain completely */
  async run(): Promise<readonly LossFacts[]> {
    for (let from = this.next; from !== undefined;) {
      await this.read(from);
      const next = this.next;
      if (next === from) break;
      from = next;
    }
    return this.open.map(({ range }) => range);
  }

  /** The first offset that is not backfilled. */
  private get next(): number | undefined {
    return this.open.reduce<number | undefined>((least, { to }) => Math.min(least ?? to, to), undefined);
  }

  private async read(from: number): Promise<void> {
    const { source, file, input, config, resender, log } = this.parts;
    const { arena, kernel } = resender;
    const take = async (draft: Draft): Promise<"on" | "enough"> => {
      await this.take(draft);
      const { next } = this;
      // In a compressed file even large gaps are read through, because each new read decompresses it from the start.
      const far = next !== undefined && file.form === "plain" && next - draft.end > SMALL_GAP;
      return next === undefined || far ? "enough" : "on";
    };
    await readAgain({ source: source.id, file, input, config, arena, kernel, log, from, take });
  }

  private async take(draft: Draft): Promise<void> {
    const { resender, books, sums } = this.parts;
    const stored = none();
    const exists = none();
    const refused: [LossKey, Loss][] = [];
    const records = recordsOf(resender.arena, draft);
    if (records !== undefined) {
      const missing = this.missing(draft, records.places);
      const ended = (outcomes: ReadonlyMap<Item, Ended>): void => {
        for (const [item, how] of outcomes) {
          if (how === "stored") add(stored, item);
          else if (how === "exists") add(exists, item);
          else {
            refused.push([item.range, lossOf(item)]);
            sums.first ??= how;
          }
        }
      };
      for (const [range, items] of Map.groupBy(missing, (item) => item.range))
        await this.send(draft, records, range, items, ended);
      for (const region of [records.region, records.table]) resender.arena.release(region);
    }
    books.write({ stored, exists, refused, ranges: this.passed(draft.end) });
    for (const [name, count] of [
      ["stored", stored],
      ["exists", exists],
    ] as const)
      addCount(sums[name], count);
    for (const [, loss] of refused) addCount(sums.refused, loss);
  }

  private missing({ start, end }: Draft, places: readonly Place[]): Item[] {
    const near = this.open.filter(({ range, to }) => to < end && range.end > start);
    const items: Item[] = [];
    for (const place of places) {
      const found = near.find(({ range, to }) => lies(place, to, range) && isMissing(place, range));
      if (found !== undefined) items.push({ ...place, range: found.range });
    }
    return items;
  }

  /** Advances all ranges to this offset. @returns the ranges that moved */
  private passed(offset: number): ReadonlyMap<LossKey, number> {
    const moved = new Map<LossKey, number>();
    for (const open of this.open) {
      if (open.to >= offset) continue;
      open.to = Math.min(offset, open.range.end);
      moved.set(open.range, open.to);
    }
    this.open = this.open.filter(({ range, to }) => to < range.end);
    return moved;
  }

  private async send(
    draft: Draft,
    { region, table, places }: Records,
    range: LossFacts,
    items: readonly Item[],
    ended: (outcomes: ReadonlyMap<Item, Ended>) => void,
  ): Promise<void> {
    const { source, resender } = this.parts;
    // Use the path and the time at the loss. A record without a time of its own gets this one, which the index name may contain.
    const envelope: Envelope = { ...draft.envelope, path: range.path };
    const same = { source, envelope, start: draft.start, region, table, records: places.length, readAtMs: range.atMs };
    const encode = (open: readonly Item[]) =>
      resender.body((most): Prepared => {
        const chosen = open.slice(0, most);
        const pieces = risingRuns(chosen).map((run): Piece => ({ ...same, fates: onlyThese(run, places.length) }));
        return { pieces, docs: chosen.length, release: () => {} };
      });
    const waiting = "records wait; what was sent is marked in `losses list`";
    const stuck = { code: "backfill-stuck", waiting };
    await resender.send(indexName(envelope.index, envelope, range.atMs), items, { encode, ended, stuck });
  }
}

function lies({ offset }: Place, from: number, { end }: LossFacts): boolean {
  return offset >= from && offset < end;
}

function isMissing({ offset }: Place, { fate, keep, source }: LossFacts): boolean {
  if (fate !== FATES[SAMPLED]) return true;
  const { seedHigh, seedLow, threshold } = thinning(source, { keep, always: undefined });
  return sampleHash(seedHigh, seedLow, offset) >= threshold;
}

/** Splits the items into runs of ascending records, as a piece requires. Retried items come last and so begin a new run. */
function risingRuns(items: readonly Item[]): Item[][] {
  const runs: Item[][] = [];
  let last = Infinity;
  for (const item of items) {
    if (item.record > last) runs.at(-1)?.push(item);
    else runs.push([item]);
    last = item.record;
  }
  return runs;
}

function onlyThese(items: readonly Item[], records: number): Uint8Array {
  const fates = new Uint8Array(records).fill(1);
  for (const { record } of items) fates[record] = OPEN;
  return fates;
}

function lossOf({ offset: start, bytes, range }: Item): Loss {
  const { atMs, input, source, path, keep, hashVersion } = range;
  const what = { fate: FATES.indexOf(range.fate), records: 1, bytes, uncertain: false, merged: false };
  return { atMs, input, source, path, start, end: start + bytes, keep, hashVersion, ...what };
}

function none(): Count {
  return { records: 0, bytes: 0 };
}

function add(count: Count, { bytes }: Item): void {
  addCount(count, { records: 1, bytes });
}

function addCount(count: Count, { records, bytes }: Count): void {
  count.records += records;
  count.bytes += bytes;
}
