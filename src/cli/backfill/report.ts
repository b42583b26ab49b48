// Formats the output of `losses backfill`: what was sent, and which ranges are left and why.
import type { LostSource } from "../../buffer/backfill/lost-sources.ts";
import type { LossFacts } from "../../buffer/inspect/losses.ts";
import { count, flow } from "../../core/figures.ts";
import { printable } from "../../core/printable.ts";
import { version } from "../version.ts";
import type { Sums } from "./filling.ts";

/** Ranges of one source that are not backfilled, or only in part. */
export interface Left {
  readonly source: LostSource;
  readonly ranges: readonly LossFacts[];
  readonly why: string;
}

export interface BackfillFacts {
  readonly directory: string;
  /** Number of completed ranges. */
  readonly ranges: number;
  readonly sums: Sums;
  readonly left: readonly Left[];
}

/** The text lists at most this many ranges of a source; --json lists all. */
const MOST_RANGES = 5;

export function backfillDocument({ directory, ranges, sums, left }: BackfillFacts): unknown {
  const { stored, exists, refused, first } = sums;
  return {
    version,
    path: directory,
    ranges,
    ...{ stored, exists, refused },
    first_refusal: first === undefined ? null : { status: first.status, type: first.type, reason: first.reason },
    left: left.flatMap(({ source, ranges: own, why }) =>
      own.map(({ id, path, start, end, fate, records }) => {
        return { id, input: source.input, source: source.id, path, start, end, reason: fate, records, why };
      }),
    ),
  };
}

export function backfillLines({ ranges, sums, left }: BackfillFacts): string[] {
  const { stored, exists, refused, first } = sums;
  const had = exists.records > 0 ? `, ${count(exists.records)} were there already` : "";
  const lines = [
    `${ranges} range${ranges === 1 ? "" : "s"} backfilled: ${count(stored.records)} records stored (${flow(stored.bytes)})${had}`,
  ];
  if (refused.records > 0)
    lines.push(
      `${count(refused.records)} refused, and kept in the list: ${first?.status} ${first?.type}: ${first?.said ?? ""}`,
    );
  for (const { ranges: own, why, source } of left) {
    const records = own.reduce((sum, range) => sum + range.records, 0);
    const where = own.slice(0, MOST_RANGES).map(({ path, start, end }) => `${path}:${start}-${end}`);
    const more = own.length > MOST_RANGES ? `, and ${own.length - MOST_RANGES} more ranges` : "";
    lines.push(
      `left of input ${source.input}, ${count(records)} records: ${printable(`${where.join(", ")}${more}: ${why}`)}`,
    );
  }
  return lines;
}
