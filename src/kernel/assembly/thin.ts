// Sampling: walks the lines of a chunk, keeps some, closes the gaps in place and writes the record table of what stays.
// What must hold: the kept entries' lengths and `sampledBytes` add up to the chunk's span. A record's bytes are those
// from its start to the start of the next: terminator and empty lines behind it; those before the first are the first's.
import { levelOf } from "./level";
import { ThinJob } from "./job";
import { copy, nextLine, skipEmpty } from "./memory";
import { Entry, ENTRY_BYTES } from "./table";

/** Upper half of splitmix64's finaliser over seed xor offset: policy/sample.ts defines it (HASH_VERSION 1). */
// @ts-ignore: decorator
@inline
function hash(seed: u64, offset: u64): u32 {
  let x = seed ^ offset;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return u32((x ^ (x >> 31)) >> 32);
}

/** Moves bytes down; they may overlap with where they go. */
// @ts-ignore: decorator
@inline
function moveDown(to: usize, from: usize, length: usize): void {
  // With 16 bytes between them, what a last block writes too much is still behind what is read next.
  if (from - to >= 16) copy(to, from, length);
  else memory.copy(to, from, length);
}

export function thin(job: ThinJob): void {
  const src = job.src;
  const end = src + job.length;
  const base = u64(job.base);
  const seed = (u64(job.seedHigh) << 32) | u64(job.seedLow);
  const always = job.always;
  let entry = job.table;
  let to = src;
  let sampledRecords: usize = 0;
  let sampledBytes: usize = 0;
  let owned = src; // where the bytes that a record stands for begin
  let s = skipEmpty(src, end);
  while (s < end) {
    let stop = nextLine(s, end);
    const next = skipEmpty(stop, end);
    if (load<u8>(stop - 1) == 10) stop--;
    if (load<u8>(stop - 1) == 13) stop--;
    const important = always < 9 && levelOf(s, stop) >= always;
    if (important || hash(seed, base + u64(s - src)) < job.threshold) {
      const length = stop - s;
      const start = s - src;
      moveDown(to, s, length);
      to += length;
      const kept = changetype<Entry>(entry);
      kept.end = u32(to - src);
      kept.start = u32(start);
      kept.length = u32(next - owned);
      kept.weight = important ? 1 : job.weight;
      kept.time = NaN;
      entry += ENTRY_BYTES;
    } else {
      sampledRecords++;
      sampledBytes += next - owned;
    }
    owned = next;
    s = next;
  }
  job.records = (entry - job.table) / ENTRY_BYTES;
  job.bytes = to - src;
  job.sampledRecords = sampledRecords;
  job.sampledBytes = sampledBytes;
}
