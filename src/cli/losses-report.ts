// Loss ranges as lines of fixed columns, since they are written as they are read, and as a document.
import type { LossFacts } from "../buffer/losses-read.ts";
import { SAMPLED, FATES } from "../core/fate.ts";
import { count, flow } from "../core/figures.ts";
import { printable } from "./printable.ts";
import { version } from "./version.ts";

const WIDTHS = [24, 12, 16, 10, 10] as const;

function line(cells: readonly [string, string, string, string, string], where: string): string {
  const [when, input, reason, records, bytes] = cells;
  const [a, b, c, d, e] = WIDTHS;
  return [when.padEnd(a), input.padEnd(b), reason.padEnd(c), records.padStart(d), bytes.padStart(e), where].join("  ");
}

export const LOSS_HEAD = line(["WHEN", "input", "reason", "records", "bytes"], "path:from-to");

export function lossLine(loss: LossFacts): string {
  const { atMs, input, records, bytes, path, start, end, uncertain } = loss;
  const where = `${path}:${start}-${end}`;
  const maybe = uncertain ? "  uncertain: some may have been stored" : "";
  const cells = [new Date(atMs).toISOString(), printable(input), reasonOf(loss), count(records), flow(bytes)] as const;
  return `${line(cells, printable(where))}${maybe}`;
}

function reasonOf({ fate, keep }: LossFacts): string {
  return fate === FATES[SAMPLED] ? `sampled 1 in ${keep}` : `dropped ${fate}`;
}

export class LossSums {
  ranges = 0;
  private records = 0;
  private bytes = 0;
  private uncertain = 0;

  add(loss: LossFacts): void {
    this.ranges++;
    this.records += loss.records;
    this.bytes += loss.bytes;
    if (loss.uncertain) this.uncertain++;
  }

  line(): string {
    const { ranges, records, bytes, uncertain } = this;
    const maybe = uncertain > 0 ? `; ${count(uncertain)} uncertain` : "";
    return `${count(ranges)} range${ranges === 1 ? "" : "s"}, ${count(records)} records, ${flow(bytes)}${maybe}`;
  }
}

export function lossesDocument(directory: string, losses: readonly LossFacts[]): unknown {
  return {
    version,
    path: directory,
    losses: losses.map(
      ({ id, atMs, input, source, path, start, end, fate, records, bytes, uncertain, ...sampling }) => {
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
        };
      },
    ),
  };
}
