// What a policy did not keep, as byte ranges that `losses list` shows and `backfill` may read again. A loss is written
// in the same transaction in which the fate of its chunk becomes durable.
import {
  type Count,
  DROPPED_AGE,
  DROPPED_NEWEST,
  DROPPED_OLDEST,
  DROPPED_RANDOM,
  DROPPED_RATE,
  type Fate,
  HASH_VERSION,
  SAMPLED,
} from "../core/fate.ts";
import type { Chunk } from "./chunk.ts";
import type { Loss } from "./spool.ts";

const BY_POLICY: ReadonlySet<Fate> = new Set([
  SAMPLED,
  DROPPED_OLDEST,
  DROPPED_NEWEST,
  DROPPED_RANDOM,
  DROPPED_RATE,
  DROPPED_AGE,
]);

/** Shed at admission: counted out before the chunk was kept. */
export function sampleLosses(chunk: Chunk, atMs: number): Loss[] {
  return losses(chunk, chunk.counted, atMs, false);
}

/** Shed from the buffer. What an attempt with a lost answer may have stored is uncertain (rule L5). */
export function dropLosses(chunk: Chunk, atMs: number): Loss[] {
  return losses(chunk, chunk.settled, atMs, chunk.maybe);
}

function losses(chunk: Chunk, fates: ReadonlyMap<Fate, Count>, atMs: number, uncertain: boolean): Loss[] {
  const found: Loss[] = [];
  for (const [fate, { records, bytes }] of fates) {
    if (!BY_POLICY.has(fate)) continue;
    const { start, end, keep } = chunk;
    const sampled = fate === SAMPLED;
    const where = { input: chunk.source.input, source: chunk.source.id, path: chunk.envelope.path, start, end };
    const sampling = { keep: sampled ? keep : 0, hashVersion: sampled ? HASH_VERSION : 0 };
    found.push({ atMs, ...where, fate, records, bytes, uncertain, ...sampling });
  }
  return found;
}
