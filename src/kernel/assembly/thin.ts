// Sampling: walks over the lines or the table of a chunk, keeps some records, closes the gaps in place and writes the table of
// the kept records.
// Invariant: the lengths of the kept entries and `sampledBytes` add up to the chunk's span. A record's length spans the bytes
// from its start to the start of the next record, with its terminator and the empty lines after it. The first record's bytes
// begin at the start of the chunk.
import { levelOf } from "./level";
import { ThinJob } from "./job";
import { copy, nextLine, skipEmpty } from "./memory";
import { Entry, ENTRY_BYTES, levelOfEntry, MOST_WEIGHT, weightOf } from "./table";

/** The upper half of splitmix64's finalizer over seed xor offset, as policy/sample.ts defines it (HASH_VERSION 1). */
// @ts-ignore: decorator
@inline
function hash(seed: u64, offset: u64): u32 {
  let x = seed ^ offset;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return u32((x ^ (x >> 31)) >> 32);
}

/** Moves bytes to a lower address. The ranges may overlap. */
// @ts-ignore: decorator
@inline
function moveDown(to: usize, from: usize, length: usize): void {
  // If `to` is 16 bytes or more below `from`, the excess that `copy` writes ends before the bytes that are read next.
  if (from - to >= 16) copy(to, from, length);
  else memory.copy(to, from, length);
}

/** LEVELS.length of core/options.ts: with this as `always`, no level is always kept. */
const NO_LEVEL: i32 = 9;

/** How many records this one stands for. 0: not kept. 1: itself. `job.weight`: also for those that the hash drops. */
// @ts-ignore: decorator
@inline
function weigh(job: ThinJob, level: i32, seed: u64, offset: u64): u32 {
  if (level >= job.always) return 1;
  return hash(seed, offset) < job.threshold ? job.weight : 0;
}

export function thin(job: ThinJob): void {
  const src = job.src;
  const end = src + job.length;
  const base = u64(job.base);
  const seed = (u64(job.seedHigh) << 32) | u64(job.seedLow);
  let entry = changetype<Entry>(job.table);
  let to = src;
  let sampledRecords: usize = 0;
  let sampledBytes: usize = 0;
  let owned = src; // start of the bytes that the current record stands for
  for (let s = skipEmpty(src, end); s < end; ) {
    let stop = nextLine(s, end);
    const next = skipEmpty(stop, end);
    if (load<u8>(stop - 1) == 10) stop--;
    if (load<u8>(stop - 1) == 13) stop--;
    const weight = weigh(job, job.always < NO_LEVEL ? levelOf(s, stop) : -1, seed, base + u64(s - src));
    if (weight == 0) {
      sampledRecords++;
      sampledBytes += next - owned;
    } else {
      moveDown(to, s, stop - s);
      to += stop - s;
      entry.end = u32(to - src);
      entry.start = u32(s - src);
      entry.length = u32(next - owned);
      entry.weight = weight;
      entry.time = NaN;
      entry = changetype<Entry>(changetype<usize>(entry) + ENTRY_BYTES);
    }
    owned = next;
    s = next;
  }
  job.records = (changetype<usize>(entry) - job.table) / ENTRY_BYTES;
  job.bytes = to - src;
  job.sampledRecords = sampledRecords;
  job.sampledBytes = sampledBytes;
}

/** The same for a chunk with a table of `length` records. The weight of a kept record is multiplied by its earlier weight. */
export function thinTable(job: ThinJob): void {
  const base = u64(job.base);
  const seed = (u64(job.seedHigh) << 32) | u64(job.seedLow);
  const last = job.table + job.length * ENTRY_BYTES;
  let kept = changetype<Entry>(job.table);
  let to = job.src;
  let s = job.src;
  let sampledRecords: usize = 0;
  let sampledBytes: usize = 0;
  for (let at = job.table; at < last; at += ENTRY_BYTES) {
    const entry = changetype<Entry>(at);
    const stop = job.src + entry.end;
    const level = job.always < NO_LEVEL ? levelOfEntry(entry, s, stop) : -1;
    const weight = weigh(job, level, seed, base + u64(entry.start));
    if (weight == 0) {
      sampledRecords++;
      sampledBytes += entry.length;
    } else {
      moveDown(to, s, stop - s);
      to += stop - s;
      kept.start = entry.start;
      kept.length = entry.length;
      kept.weight = (entry.weight & ~MOST_WEIGHT) | min(weightOf(entry) * weight, MOST_WEIGHT);
      kept.time = entry.time;
      kept.end = u32(to - job.src);
      kept = changetype<Entry>(changetype<usize>(kept) + ENTRY_BYTES);
    }
    s = stop;
  }
  job.records = (changetype<usize>(kept) - job.table) / ENTRY_BYTES;
  job.bytes = to - job.src;
  job.sampledRecords = sampledRecords;
  job.sampledBytes = sampledBytes;
}
