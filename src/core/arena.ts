// All log bytes are stored here: one WebAssembly memory of fixed size, divided into regions by an allocator that refuses instead
// of growing. Invariants: a region has one owner and is released once; regions never overlap; adjacent free ranges are merged.
// Compaction moves unpinned regions, so a pointer or view is valid only until the owner's next await, unless the region is
// pinned. Pin a region while anything asynchronous reads or writes it.
import { assert } from "./errors.ts";

const ALIGN = 16;
/** Kernel functions load 16 bytes at a time and may access fewer than this many bytes after the end of a region. */
const SLACK = 32;
/** The first page is the kernel's: its static data and the structs with its arguments. */
export const KERNEL_BYTES = 65536;

export class Region {
  /** Address in the arena's memory. */
  ptr: number;
  /** Usable bytes. */
  length: number;
  /** Bytes allocated in the arena, slack and alignment included. */
  size: number;
  pins = 0;
  released = false;

  constructor(ptr: number, length: number, size: number) {
    this.ptr = ptr;
    this.length = length;
    this.size = size;
  }
}

interface Hole {
  ptr: number;
  size: number;
}

export interface ArenaOptions {
  /** Fill released regions with this byte, so that tests detect a use after release. */
  readonly poison?: number;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  /** Bytes that all regions together can have. */
  readonly capacity: number;
  /** Free ranges by rising address. No two are adjacent. */
  private holes: Hole[];
  private readonly regions = new Set<Region>();
  private readonly poison: number | undefined;
  private usedBytes = 0;

  /** @param capacity bytes, rounded up to whole WebAssembly pages */
  constructor(capacity: number, options: ArenaOptions = {}) {
    const pages = Math.ceil((capacity + KERNEL_BYTES) / 65536);
    // The kernel adds a few hundred bytes to addresses, which must not overflow 32 bits.
    assert(pages < 65536, "an arena of 4 GiB or more");
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.bytes = new Uint8Array(this.memory.buffer);
    this.capacity = pages * 65536 - KERNEL_BYTES;
    this.holes = [{ ptr: KERNEL_BYTES, size: this.capacity }];
    this.poison = options.poison;
  }

  /** Bytes allocated, alignment and slack included. */
  get used(): number {
    return this.usedBytes;
  }

  get free(): number {
    return this.capacity - this.usedBytes;
  }

  /** Number of live regions, for leak checks. */
  get count(): number {
    return this.regions.size;
  }

  /** Bytes that a region of `length` occupies. */
  static cost(length: number): number {
    return Math.ceil((length + SLACK) / ALIGN) * ALIGN;
  }

  /** Allocates at the low end, for chunks. Undefined when there is no room. */
  alloc(length: number): Region | undefined {
    return this.take(length, "low");
  }

  /** Allocates at the high end, for bodies. These are pinned most of the time and would fragment the low end. */
  allocHigh(length: number): Region | undefined {
    return this.take(length, "high");
  }

  private take(length: number, end: "low" | "high"): Region | undefined {
    const size = Arena.cost(length);
    if (size > this.free) return undefined;
    let at = this.fit(size, end);
    if (at === undefined) {
      this.compact();
      at = this.fit(size, end);
      if (at === undefined) return undefined;
    }
    const hole = this.holes[at] as Hole;
    const ptr = end === "low" ? hole.ptr : hole.ptr + hole.size - size;
    if (end === "low") hole.ptr += size;
    hole.size -= size;
    if (hole.size === 0) this.holes.splice(at, 1);
    const region = new Region(ptr, length, size);
    this.regions.add(region);
    this.usedBytes += size;
    return region;
  }

  private fit(size: number, end: "low" | "high"): number | undefined {
    const index =
      end === "low" ? this.holes.findIndex((h) => h.size >= size) : this.holes.findLastIndex((h) => h.size >= size);
    return index < 0 ? undefined : index;
  }

  /** Frees the tail of a region; its first `length` bytes stay. */
  shrink(region: Region, length: number): void {
    assert(!region.released && length <= region.length, "shrink of a released region, or upwards");
    const size = Arena.cost(length);
    const rest = region.size - size;
    region.length = length;
    if (rest === 0) return;
    region.size = size;
    this.give(region.ptr + size, rest);
  }

  /**
   * Returns a region with only the first `length` bytes of a high region. If less than half remains, the bytes are copied to a
   * new region at the high end, so that a small rest does not split free space. Use only the returned region afterwards.
   */
  cut(region: Region, length: number): Region {
    const small = length < region.length / 2 ? this.allocHigh(length) : undefined;
    if (!small) {
      this.shrink(region, length);
      return region;
    }
    this.view(region).copy(this.view(small), 0, 0, length);
    this.release(region);
    return small;
  }

  release(region: Region): void {
    assert(!region.released, "region released twice");
    assert(region.pins === 0, "pinned region released");
    region.released = true;
    this.regions.delete(region);
    this.give(region.ptr, region.size);
  }

  private give(ptr: number, size: number): void {
    this.usedBytes -= size;
    if (this.poison !== undefined) this.bytes.fill(this.poison, ptr, ptr + size);
    this.join(ptr, size);
  }

  pin(region: Region): void {
    assert(!region.released, "released region pinned");
    region.pins++;
  }

  unpin(region: Region): void {
    assert(region.pins > 0, "unpin without pin");
    region.pins--;
  }

  /** A view without a copy. */
  view(region: Region, from = 0, to: number = region.length): Buffer {
    assert(!region.released, "view of a released region");
    return Buffer.from(this.bytes.buffer, region.ptr + from, to - from);
  }

  private join(ptr: number, size: number): void {
    let low = 0;
    let high = this.holes.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((this.holes[mid] as Hole).ptr < ptr) low = mid + 1;
      else high = mid;
    }
    const before = this.holes[low - 1];
    const after = this.holes[low];
    const joinsBefore = before !== undefined && before.ptr + before.size === ptr;
    const joinsAfter = after !== undefined && ptr + size === after.ptr;
    if (joinsBefore) {
      before.size += size + (joinsAfter ? after.size : 0);
      if (joinsAfter) this.holes.splice(low, 1);
    } else if (joinsAfter) {
      after.ptr = ptr;
      after.size += size;
    } else {
      this.holes.splice(low, 0, { ptr, size });
    }
  }

  /** Moves every unpinned region down as far as pinned ones allow, to merge the free ranges. */
  private compact(): void {
    const alive = [...this.regions].sort((a, b) => a.ptr - b.ptr);
    const pinned = alive.filter((r) => r.pins > 0);
    this.holes = [];
    let next = KERNEL_BYTES;
    let p = 0;
    for (const region of alive) {
      if (region.pins > 0) continue;
      for (;;) {
        const wall = pinned[p];
        if (wall === undefined || next + region.size <= wall.ptr) break;
        if (wall.ptr > next) this.holes.push({ ptr: next, size: wall.ptr - next });
        next = wall.ptr + wall.size;
        p++;
      }
      // `next` never passes the region's own address: everything below it has moved down or stayed. A region that stays is not
      // copied: repeated attempts on a full arena must not cost a core.
      if (next < region.ptr) this.bytes.copyWithin(next, region.ptr, region.ptr + region.size);
      region.ptr = next;
      next += region.size;
    }
    for (const wall of pinned.slice(p)) {
      if (wall.ptr > next) this.holes.push({ ptr: next, size: wall.ptr - next });
      next = wall.ptr + wall.size;
    }
    const end = KERNEL_BYTES + this.capacity;
    if (end > next) this.holes.push({ ptr: next, size: end - next });
  }
}
