// Reads the pages of a state database directly from its files, without SQLite, so that a damaged or unreachable page does not
// prevent reading the others. Committed pages in the WAL replace those in the file, as they do for SQLite.
// @see https://www.sqlite.org/fileformat2.html "The Write-Ahead Log" and "Pointer Map or Ptrmap Pages"
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** The page size that schema.ts sets. */
export const PAGE = 16_384;
const FRAME = PAGE + 24;
/** Pages that one page of the pointer map covers. */
const PER_MAP = Math.floor(PAGE / 5);
/** The page with SQLite's lock bytes. SQLite stores nothing in it. */
const LOCK_PAGE = 0x40000000 / PAGE + 1;

/** Use of a page according to the pointer map. */
export type PageUse = "tree" | "free" | "overflow" | "map" | "unknown";

export class PageFile implements Disposable {
  /** Number of pages after the last committed transaction. */
  readonly count: number;
  private readonly file: number;
  private readonly wal: number | undefined;
  /** By page: offset of its newest version in the WAL. */
  private readonly overlay: ReadonlyMap<number, number>;
  private readonly map = Buffer.alloc(PAGE);
  private mapPage = 0;
  private whole = Buffer.alloc(0);
  private readonly next = Buffer.alloc(PAGE);
  /** Free pages, one bit each; undefined: the free list is damaged. */
  private readonly free: Uint8Array | undefined;

  constructor(directory: string) {
    this.file = openSync(join(directory, "state.db"), "r");
    const path = join(directory, "state.db-wal");
    this.wal = existsSync(path) ? openSync(path, "r") : undefined;
    const { pages, count } =
      this.wal === undefined ? { pages: new Map<number, number>(), count: 0 } : committed(this.wal);
    this.overlay = pages;
    this.count = count > 0 ? count : Math.ceil(fstatSync(this.file).size / PAGE);
    this.free = this.freeList();
  }

  /** Reads the free list. A trunk page holds the next trunk, the number of its leaves, and the leaves. */
  private freeList(): Uint8Array | undefined {
    const page = Buffer.alloc(PAGE);
    if (!this.read(1, page)) return undefined;
    const [first, many] = [page.readUInt32BE(32), page.readUInt32BE(36)];
    const free = new Uint8Array((this.count >> 3) + 1);
    let found = 0;
    /** False: the page is in the list already, or the list is too long. A file that was cut off lacks some of its free pages. */
    const add = (number: number): boolean => {
      if (++found > many) return false;
      if (number > this.count) return true;
      if (isSet(free, number)) return false;
      free[number >> 3] = (free[number >> 3] as number) | (1 << (number & 7));
      return true;
    };
    for (let trunk = first; trunk !== 0;) {
      if (!add(trunk) || !this.read(trunk, page)) return undefined;
      const leaves = page.readUInt32BE(4);
      if (leaves > PAGE / 4 - 2) return undefined;
      for (let i = 0; i < leaves; i++) if (!add(page.readUInt32BE(8 + 4 * i))) return undefined;
      trunk = page.readUInt32BE(0);
    }
    return found === many ? free : undefined;
  }

  /** Whether the page may hold live rows. Free pages are excluded: deleted rows in them must not come back. */
  mayHoldRows(number: number): boolean {
    if (this.free) return !isSet(this.free, number);
    const use = this.use(number);
    return use === "tree" || use === "unknown";
  }

  /** Reads a page into the buffer. @param number from 1 @returns false: there is no such page, or it cannot be read */
  read(number: number, into: Buffer): boolean {
    if (number < 1 || number > this.count) return false;
    const at = this.overlay.get(number);
    try {
      const read =
        at === undefined
          ? readSync(this.file, into, 0, PAGE, (number - 1) * PAGE)
          : readSync(this.wal as number, into, 0, PAGE, at);
      return read === PAGE;
    } catch {
      return false;
    }
  }

  /** Buffers for a payload of this size and for one of its pages. The same ones each time: a new one for each body is garbage. */
  buffers(size: number): { readonly whole: Buffer; readonly next: Buffer } {
    if (this.whole.length < size) this.whole = Buffer.alloc(size);
    return { whole: this.whole.subarray(0, size), next: this.next };
  }

  /** Use of a page; "unknown" if its pointer map page is damaged. */
  use(number: number): PageUse {
    if (number === 1) return "tree";
    let map = Math.floor((number - 2) / (PER_MAP + 1)) * (PER_MAP + 1) + 2;
    if (map === LOCK_PAGE) map++;
    if (map === number || number === LOCK_PAGE) return "map";
    if (map !== this.mapPage) {
      if (!this.read(map, this.map)) this.map.fill(0);
      this.mapPage = map;
    }
    return USES[this.map[5 * (number - map - 1)] as number] ?? "unknown";
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
    if (this.wal !== undefined) closeSync(this.wal);
  }
}

function isSet(bits: Uint8Array, number: number): boolean {
  return (((bits[number >> 3] as number) >> (number & 7)) & 1) === 1;
}

const USES: readonly (PageUse | undefined)[] = [undefined, "tree", "free", "overflow", "overflow", "tree"];

/** The committed frames of a WAL, up to the first incomplete or invalid one. */
function committed(wal: number): { readonly pages: Map<number, number>; readonly count: number } {
  const pages = new Map<number, number>();
  const header = Buffer.alloc(32);
  const none = { pages, count: 0 };
  if (readSync(wal, header, 0, 32, 0) < 32 || header.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1) return none;
  if (header.readUInt32BE(8) !== PAGE) return none;
  const big = (header.readUInt32BE(0) & 1) === 1;
  let sum = checksum(header.subarray(0, 24), [0, 0], big);
  if (sum[0] !== header.readUInt32BE(24) || sum[1] !== header.readUInt32BE(28)) return none;
  const frame = Buffer.alloc(FRAME);
  const open = new Map<number, number>();
  let count = 0;
  for (let at = 32; readSync(wal, frame, 0, FRAME, at) === FRAME; at += FRAME) {
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    sum = checksum(frame.subarray(24), checksum(frame.subarray(0, 8), sum, big), big);
    if (sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)) break;
    open.set(frame.readUInt32BE(0), at + 24);
    const size = frame.readUInt32BE(4);
    if (size === 0) continue;
    for (const [page, where] of open) pages.set(page, where);
    open.clear();
    count = size;
  }
  return { pages, count };
}

type Sum = readonly [number, number];

function checksum(bytes: Buffer, [s0, s1]: Sum, big: boolean): Sum {
  let [a, b] = [s0, s1];
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + words.getUint32(at, !big) + b) >>> 0;
    b = (b + words.getUint32(at + 4, !big) + a) >>> 0;
  }
  return [a, b];
}
