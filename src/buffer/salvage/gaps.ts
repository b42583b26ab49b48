// Finds the spans of rows whose heads are lost: between the rows of a source that were found, its origin and its checkpoint. Such
// a gap can also hold records that were delivered. So gaps count as lost rows only if those of an input add up, to the byte, to
// what its ledger misses. Otherwise nobody knows which part of them is lost.
import type { Count } from "../../core/fate.ts";
import { HEAD, type Head } from "../spool/rows/heads.ts";
import type { FoundSource, Fresh } from "./fresh.ts";

export interface Gap {
  readonly source: FoundSource;
  /** Span in the source, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The rows of the source before and after it; undefined: there is none. */
  readonly before: Head | undefined;
  readonly after: Head | undefined;
}

/** Above it, the gaps of a source or input are not looked at: they are records that were delivered out of order. */
const MOST = 100_000;

/** Where the rows of a source have got to. */
interface Progress {
  readonly source: FoundSource;
  end: number;
  last: Head | undefined;
}

/** The gaps of all sources that miss rows, by input. An input whose gaps cannot be told is left out. */
export function findGaps(fresh: Fresh): Map<string, Gap[]> {
  const gaps = new Map<string, Gap[]>();
  const unclear = new Set<string>();
  const sources = new Map<number, Progress>();
  const add = ({ source, end, last }: Progress, to: number, after: Head | undefined): void => {
    if (to === end) return;
    const own = gaps.get(source.input) ?? [];
    gaps.set(source.input, own);
    if (own.length === MOST) unclear.add(source.input);
    else own.push({ source, start: end, end: to, before: last, after });
  };
  for (const source of fresh.allSources())
    if (fresh.missingRows(source) > 0) sources.set(source.num, { source, end: source.origin, last: undefined });
  for (const head of fresh.headsBySeq()) {
    const progress = sources.get(head[HEAD.source] as number);
    if (progress === undefined) continue;
    // The spans of a source with rows in several queues interleave.
    if (progress.last && progress.last[HEAD.queue] !== head[HEAD.queue]) unclear.add(progress.source.input);
    add(progress, head[HEAD.start] as number, head);
    progress.end = head[HEAD.end] as number;
    progress.last = head.slice();
  }
  for (const progress of sources.values()) add(progress, progress.source.checkpoint, undefined);
  for (const input of unclear) gaps.delete(input);
  return gaps;
}

/**
 * The gaps of an input that are exactly what is missing; undefined: that cannot be told. Before the first row of a source usually
 * lies what was delivered, so it is tried without these gaps too.
 */
export function exactly(gaps: readonly Gap[], { bytes }: Count): readonly Gap[] | undefined {
  const inner = gaps.filter(({ before }) => before !== undefined);
  return [gaps, inner].find((some) => some.length > 0 && some.reduce((sum, g) => sum + g.end - g.start, 0) === bytes);
}
