// Compares the content of a gzip file with a plain file or with a source. Unpacks it for that in bounded memory.
import { crc32 } from "node:zlib";
import type { TailChecksum } from "../identity/fingerprint.ts";
import { readSync } from "../mounts/system-calls.ts";
import { UTF8 } from "../records/text-code.ts";
import { Gunzip } from "./gunzip.ts";
import { Unpacking } from "./unpacking.ts";

/** The length of the packed file's content, if the plain file begins with all of it. Undefined: the signal aborted. */
export async function contentWithin(
  packed: number,
  plain: number,
  signal: AbortSignal,
): Promise<number | "different" | undefined> {
  const gunzip = new Gunzip();
  let at = 0;
  try {
    for (let piece = await gunzip.next(packed); piece !== undefined; piece = await gunzip.next(packed)) {
      if (signal.aborted) return undefined;
      const other = Buffer.allocUnsafe(piece.length);
      if (readSync(plain, other, 0, other.length, at) < piece.length || !piece.equals(other)) return "different";
      at += piece.length;
    }
    return at;
  } finally {
    gunzip.close();
  }
}

/** A position in a source's content, and the checksum of the bytes before it. */
export interface Place {
  readonly position: number;
  readonly checksum: TailChecksum;
}

/**
 * How much of a gzip file's content is that of a source. The source is known by these places, in any order.
 * @returns the last place's position, if the content matches there; the content's length, if it ends before that and matches at
 *   another place; undefined: the signal aborted
 */
export async function unpackedExtent(
  fd: number,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<number | "different" | undefined> {
  const unpacking = new Unpacking(UTF8);
  let has = false;
  try {
    for (const { position, checksum } of places.toSorted((a, b) => startOf(a) - startOf(b))) {
      const before = Buffer.alloc(checksum.length);
      let read: number | "passing" = "passing";
      while (read === "passing") {
        if (signal.aborted) return undefined;
        read = await unpacking.read(fd, position - before.length, before, Buffer.alloc(0));
      }
      if (unpacking.to < position) break;
      has = crc32(before) === checksum.hash;
      if (!has) return "different";
    }
    return has ? Math.min(unpacking.to, Math.max(...places.map(({ position }) => position))) : "different";
  } finally {
    unpacking.close();
  }
}

function startOf({ position, checksum }: Place): number {
  return position - checksum.length;
}
