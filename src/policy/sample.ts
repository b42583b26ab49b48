// Which records a sampling rung keeps: those whose hash of source and offset is below 1/n. The hash depends on nothing else, so
// that a re-read keeps the same records and every source is thinned evenly. The kernel's `thin` does this for a chunk; this file
// has its parameters and the reference definition. A different hash needs a new HASH_VERSION (core/fate.ts).
import { LEVELS, type SampleRung } from "../core/options.ts";
import type { SourceId } from "../core/source.ts";

export interface Thinning {
  /** The first 8 bytes of the SourceId, read big-endian, as two u32. */
  readonly seedHigh: number;
  readonly seedLow: number;
  /** u32: a record is kept when the upper half of its hash is below this. */
  readonly threshold: number;
  /** Index into LEVELS: records of this level and above are always kept. LEVELS.length = none. */
  readonly always: number;
}

export function thinning(source: SourceId, rung: Pick<SampleRung, "keep" | "always">): Thinning {
  return {
    seedHigh: Number.parseInt(source.slice(0, 8), 16),
    seedLow: Number.parseInt(source.slice(8, 16), 16),
    threshold: Math.floor(2 ** 32 / rung.keep),
    always: rung.always === undefined ? LEVELS.length : LEVELS.indexOf(rung.always),
  };
}

/** The upper 32 bits of a record's hash: the 64-bit finalizer of splitmix64 over seed xor offset. */
export function sampleHash(seedHigh: number, seedLow: number, offset: number): number {
  let x = ((BigInt(seedHigh) << 32n) | BigInt(seedLow)) ^ BigInt(offset);
  x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return Number((x ^ (x >> 31n)) >> 32n);
}
