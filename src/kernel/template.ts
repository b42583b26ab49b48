// The constant bytes of a chunk's documents. They are serialised once per chunk; the kernel copies them for each document:
//
//   head [OFFSET middle] time lead MESSAGE path OFFSET level close tail
//
//   {"create":{"_id":"<sid>-  OFFSET  "}}\n{"@timestamp":"  2026-..Z  ","message":"  MESSAGE
//   ","log":{"file":{"path":"/x"},"offset":  OFFSET  [,"level":"x"]  }  ,"host":{"name":"w"}}\n
//
// With `ids: auto`, `middle` is empty, the first OFFSET is left out and head is {"create":{}}\n{"@timestamp":". A record's own
// time replaces `time`, and a level recognised in the record replaces `level`. Sampling adds its members between `close` and
// `tail`.
import type { Arena, Region } from "../core/arena.ts";
import { assert } from "../core/errors.ts";

export const PARTS = ["head", "middle", "time", "lead", "path", "level", "close", "tail"] as const;
type Part = (typeof PARTS)[number];

export type TemplateParts = Readonly<Record<Part, string>>;

/** Lengths of the parts. The parts follow one another in the region, beginning at `from`. */
export interface Template extends Readonly<Record<Part, number>> {
  readonly region: Region;
  readonly from: number;
}

/** Bytes that the parts need in a region. */
export function templateBytes(parts: TemplateParts): number {
  return PARTS.reduce((bytes, part) => bytes + Buffer.byteLength(parts[part]), 0);
}

/** Writes the parts into the region. Its owner must keep the region for as long as the template is used. */
export function writeTemplate(arena: Arena, region: Region, from: number, parts: TemplateParts): Template {
  assert(from + templateBytes(parts) <= region.length, "a template larger than its region");
  const view = arena.view(region, from);
  let at = 0;
  const write = (part: Part): number => {
    const length = view.write(parts[part], at);
    at += length;
    return length;
  };
  return {
    region,
    from,
    head: write("head"),
    middle: write("middle"),
    time: write("time"),
    lead: write("lead"),
    path: write("path"),
    level: write("level"),
    close: write("close"),
    tail: write("tail"),
  };
}
