// Blocks: chunks of one queue and one input, up to 256 KiB, compressed together. Small chunks gain most: 2,000,000 chunks of
// 1.3 KB take 827 MB in blocks and 1,190 MB one by one, and zstd costs 4 instead of 36 microseconds per chunk.
import { crc32, zstdCompressSync, zstdDecompressSync, constants } from "node:zlib";
import { HEAD, bodyBytes, headAt } from "./heads.ts";

/** Most bytes in a block. A larger chunk gets a block of its own. */
export const BLOCK_BYTES = 256 * 1024;

const RAW = 0;
const ZSTD = 1;
/** Level 1: 630 MB/s at a ratio of 4.7:1 on access logs; gzip level 1 does 259 MB/s at 4.5:1. */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Smallest `chunkSize` that zlib accepts. */
const MIN_PIECE = 64;

export interface Body {
  readonly codec: number;
  readonly checksum: number;
  /** Bytes unpacked. */
  readonly length: number;
  readonly data: Uint8Array;
}

/** How many heads, starting at `first` and at most `most`, go into one block. */
export function blockRows(heads: Float64Array, first: number, most: number): number {
  let bytes = 0;
  for (let n = 0; n < most; n++) {
    bytes += bodyBytes(headAt(heads, first + n));
    if (bytes > BLOCK_BYTES && n > 0) return n;
  }
  return most;
}

/** Packs chunks from the arena into a block body, and sets the offset in the block in each head. */
export function packBlock(arena: Uint8Array, heads: Float64Array, first: number, rows: number): Body {
  return pack(gather(arena, heads, first, rows));
}

export function pack(plain: Uint8Array): Body {
  const zipped = zstdCompressSync(plain, ZSTD_OPTIONS);
  const codec = zipped.length < plain.length ? ZSTD : RAW;
  // Copy: `plain` may be a view of the arena, whose region is free again after the commit.
  const data = codec === ZSTD ? zipped : Uint8Array.from(plain);
  return { codec, checksum: crc32(data), length: plain.length, data };
}

function gather(arena: Uint8Array, heads: Float64Array, first: number, rows: number): Uint8Array {
  const one = headAt(heads, first);
  if (rows === 1 && bodyBytes(one) === one[HEAD.length]) {
    one[HEAD.at] = 0;
    const from = one[HEAD.data] as number;
    return arena.subarray(from, from + (one[HEAD.length] as number));
  }
  let size = 0;
  for (let i = 0; i < rows; i++) size += bodyBytes(headAt(heads, first + i));
  const plain = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const head = headAt(heads, first + i);
    head[HEAD.at] = at;
    for (const [length, ptr] of PARTS) {
      const from = head[ptr] as number;
      plain.set(arena.subarray(from, from + (head[length] as number)), at);
      at += head[length] as number;
    }
  }
  return plain;
}

/** The parts of a chunk, in their order in a block. */
const PARTS = [
  [HEAD.length, HEAD.data],
  [HEAD.tableLength, HEAD.table],
  [HEAD.actionsLength, HEAD.actions],
] as const;

/** The bytes of a block; undefined: they are not the bytes that were written. */
export function unpack(body: Body): Uint8Array | undefined {
  if (crc32(body.data) !== body.checksum) return undefined;
  if (body.codec === RAW) return body.data.length === body.length ? body.data : undefined;
  try {
    // Decompress into one buffer: pieces of 16 KiB and the copy that joins them are twice the garbage. If no byte of it were left,
    // zlib would allocate another one.
    const options = {
      chunkSize: Math.max(MIN_PIECE, body.length + 1),
      maxOutputLength: Math.max(MIN_PIECE, body.length),
    };
    const plain = zstdDecompressSync(body.data, options);
    return plain.length === body.length ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** How many bytes can be unpacked; undefined: they are not the bytes that were written. */
export function unpackedBytes(body: Body): number | undefined {
  return withUnpacked(body, ({ length }) => length);
}

/** Calls a function with the bytes of a block, which are gone afterwards; undefined: they are not the bytes that were written. */
export function withUnpacked<T>(body: Body, look: (plain: Uint8Array) => T): T | undefined {
  const plain = unpack(body);
  if (plain === undefined) return undefined;
  const found = look(plain);
  if (plain !== body.data) free(plain);
  return found;
}

/** Frees the bytes of a block at once: V8 lets 64 MiB of such buffers pile up. */
export function free(plain: Uint8Array): void {
  // Small ones share a pool of Node with others.
  if (plain.buffer.byteLength <= plain.length + 1) (plain.buffer as ArrayBuffer).transfer(0);
}

/** Copies the chunk of this head into the arena. False: the chunk would extend past the end of the block. */
export function scatter(arena: Uint8Array, plain: Uint8Array, head: Float64Array): boolean {
  let at = head[HEAD.at] as number;
  if (at + bodyBytes(head) > plain.length) return false;
  for (const [length, ptr] of PARTS) {
    const bytes = head[length] as number;
    if (bytes > 0) arena.set(plain.subarray(at, at + bytes), head[ptr] as number);
    at += bytes;
  }
  return true;
}

const PAGE = 16_384;
/** Bytes of a leaf page after its header, and bytes of a cell's pointer and header. */
const LEAF = PAGE - 8;
const CELL = 24;
/** Measured bytes in tables heads and blocks, per row and per block, including their share of half-filled pages. */
const HEAD_STORED = 96;
const BLOCK_STORED = 64;

/**
 * Bytes of the file that a block takes: whole overflow pages, plus the part of the leaf page that no other body can use. A body
 * just above half a page takes a page.
 * @see https://www.sqlite.org/fileformat2.html "B-tree Pages": how much of a payload stays in a leaf
 */
export function storedBytes(body: number, rows: number): number {
  const payload = body + CELL;
  let local = payload;
  let overflow = 0;
  if (payload > PAGE - 35) {
    const least = Math.floor(((PAGE - 12) * 32) / 255) - 23;
    const rest = least + ((payload - least) % (PAGE - 4));
    local = rest <= PAGE - 35 ? rest : least;
    overflow = Math.ceil((payload - local) / (PAGE - 4));
  }
  const perLeaf = Math.max(1, Math.floor(LEAF / (local + CELL)));
  return overflow * PAGE + Math.ceil(PAGE / perLeaf) + BLOCK_STORED + HEAD_STORED * rows;
}
