// Which records a sampling rung keeps: those whose hash of source and offset falls below 1/n. Nothing else goes into it,
// so a re-read keeps the same records and every source is thinned evenly. The kernel's `thin` does it for a chunk; here
// are its parameters and the definition that it must equal. Another hash needs another HASH_VERSION (core/fate.ts).
import { LEVELS, type SampleRung } from "../core/options.ts";
import type { SourceId } from "../core/source.ts";

export interface Thinning {
  /** The first 8 bytes of the SourceId, read big-endian, as two u32. */
  readonly seedHigh: number;
  readonly seedLow: number;
  /** u32: kept when the upper half of the hash is below it. */
  readonly threshold: number;
  /** Index into LEVELS from which on a record is always kept; LEVELS.length = none is. */
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

/** Upper 32 bits of the hash of a record: 64-bit finalizer of splitmix64 over seed xor offset. */
export function sampleHash(seedHigh: number, seedLow: number, offset: number): number {
  let x = ((BigInt(seedHigh) << 32n) | BigInt(seedLow)) ^ BigInt(offset);
  x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return Number((x ^ (x >> 31n)) >> 32n);
}
