// Formats loss ranges as text and as a JSON document. The text has fixed column widths, because each line is printed as soon
// as its range is read.
import type { LossFacts } from "../../buffer/inspect/losses.ts";
import { SAMPLED, FATES } from "../../core/fate.ts";
import { count, flow } from "../../core/figures.ts";
import { printable } from "../../core/printable.ts";
import { version } from "../version.ts";

const WIDTHS = [24, 12, 26, 10, 10] as const;

function line(cells: readonly [string, string, string, string, string], where: string): string {
  const [when, input, reason, records, bytes] = cells;
  const [a, b, c, d, e] = WIDTHS;
  return [when.padEnd(a), input.padEnd(b), reason.padEnd(c), records.padStart(d), bytes.padStart(e), where].join("  ");
}

export const LOSS_HEAD = line(["WHEN", "input", "reason", "records", "bytes"], "path:from-to");

export function lossLine(loss: LossFacts): string {
  const { atMs, input, records, bytes, path, start, end, uncertain, merged } = loss;
  const where = `${path}:${start}-${end}`;
  const maybe = uncertain ? "  uncertain: some may have been stored" : "";
  const partly = merged ? "  merged: between its ends some was kept" : "";
  const cells = [new Date(atMs).toISOString(), printable(input), reasonOf(loss), count(records), flow(bytes)] as const;
  return `${line(cells, printable(where))}${maybe}${partly}${backfilled(loss)}`;
}

function backfilled({ backfilledTo, end }: LossFacts): string {
  if (backfilledTo === 0) return "";
  return isBackfilled({ backfilledTo, end }) ? "  backfilled" : `  backfilled up to ${backfilledTo}`;
}

function isBackfilled({ backfilledTo, end }: Pick<LossFacts, "backfilledTo" | "end">): boolean {
  return backfilledTo >= end;
}

function reasonOf({ fate, keep }: LossFacts): string {
  return fate === FATES[SAMPLED] ? `sampled 1 in ${keep}` : `dropped ${fate}`;
}

export class LossSums {
  ranges = 0;
  private records = 0;
  private bytes = 0;
  private uncertain = 0;
  private backfilled = 0;

  add(loss: LossFacts): void {
    this.ranges++;
    this.records += loss.records;
    this.bytes += loss.bytes;
    if (loss.uncertain) this.uncertain++;
    if (isBackfilled(loss)) this.backfilled++;
  }

  line(): string {
    const { ranges, records, bytes, uncertain, backfilled } = this;
    const maybe = uncertain > 0 ? `; ${count(uncertain)} uncertain` : "";
    const later = backfilled > 0 ? `; ${count(backfilled)} backfilled` : "";
    return `${count(ranges)} range${ranges === 1 ? "" : "s"}, ${count(records)} records, ${flow(bytes)}${maybe}${later}`;
  }
}

export function lossesDocument(directory: string, losses: readonly LossFacts[]): unknown {
  return {
    version,
    path: directory,
    losses: losses.map(
      ({
        id,
        atMs,
        input,
        source,
        path,
        start,
        end,
        fate,
        records,
        bytes,
        uncertain,
        merged,
        backfilledTo,
        ...sampling
      }) => {
        const sampled = fate === FATES[SAMPLED];
        const at = new Date(atMs).toISOString();
        const n = sampled ? sampling.keep : null;
        const hashVersion = sampled ? sampling.hashVersion : null;
        return {
          id,
          at,
          input,
          source,
          path,
          start,
          end,
          reason: fate,
          records,
          bytes,
          n,
          hash_version: hashVersion,
          uncertain,
          merged,
          backfilled_to: backfilledTo,
        };
      },
    ),
  };
}
