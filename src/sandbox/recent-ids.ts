// The ids stored recently, as hashes in two tables of fixed size: enough to answer 409 to a retry, in 8 MiB whatever comes.
// Invariant: the last GENERATION ids are always known; older ones are forgotten, one table at a time.

const GENERATION = 1 << 18;
const SLOTS = GENERATION * 2;

export class RecentIds {
  private young = new Float64Array(SLOTS);
  private old = new Float64Array(SLOTS);
  private size = 0;

  /** False if the id in bytes[from, to) is already known. */
  add(bytes: Uint8Array, from: number, to: number, seed: number): boolean {
    const hash = hashOf(bytes, from, to, seed);
    if (find(this.old, hash) < 0) return false;
    const slot = find(this.young, hash);
    if (slot < 0) return false;
    this.young[slot] = hash;
    if (++this.size === GENERATION) this.turn();
    return true;
  }

  private turn(): void {
    const reused = this.old.fill(0);
    this.old = this.young;
    this.young = reused;
    this.size = 0;
  }
}

/** The free slot for the hash; -1 if the table contains it. */
function find(table: Float64Array, hash: number): number {
  let slot = hash % SLOTS;
  for (;;) {
    const found = table[slot];
    if (found === hash) return -1;
    if (found === 0) return slot;
    slot = slot + 1 === SLOTS ? 0 : slot + 1;
  }
}

/** 53 bits from two FNV-like hashes, never 0. */
function hashOf(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let a = 0x811c9dc5 ^ seed;
  let b = 0x01000193 + seed;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 15);
  }
  a ^= a >>> 15;
  return (a >>> 0) * 2097152 + (b >>> 11) + 1;
}

/** A hash seed for an index, so that the same id in different indices has different hashes. */
export function seedOf(text: string): number {
  let seed = 0;
  for (let i = 0; i < text.length; i++) seed = (Math.imul(seed, 31) + text.charCodeAt(i)) | 0;
  return seed;
}
