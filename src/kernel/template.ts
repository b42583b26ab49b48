// The constant bytes of a chunk's documents, serialised once per chunk and copied by the kernel for each document:
//
//   head [OFFSET middle] time lead MESSAGE path OFFSET level close tail
//
//   {"create":{"_id":"<sid>-  OFFSET  "}}\n{"@timestamp":"  2026-..Z  ","message":"  MESSAGE
//   ","log":{"file":{"path":"/x"},"offset":  OFFSET  [,"level":"x"]  }  ,"host":{"name":"w"}}\n
//
// With an empty `middle` no offset stands there (ids: auto): head is {"create":{}}\n{"@timestamp":". A record's own time
// takes the place of `time`; a level that is recognised in a record
// that of `level`; what sampling adds goes between `close` and `tail`.
import type { Arena, Region } from "../core/arena.ts";
import { assert } from "../core/errors.ts";

export const PARTS = ["head", "middle", "time", "lead", "path", "level", "close", "tail"] as const;
type Part = (typeof PARTS)[number];

export type TemplateParts = Readonly<Record<Part, string>>;

/** Lengths of the parts, which stand one behind the other in the region. */
export interface Template extends Readonly<Record<Part, number>> {
  readonly region: Region;
  readonly from: number;
}

/** Bytes that the parts take in a region. */
export function templateBytes(parts: TemplateParts): number {
  return PARTS.reduce((bytes, part) => bytes + Buffer.byteLength(parts[part]), 0);
}

/** Writes the parts into a region, whose owner keeps it as long as the template is used. */
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
