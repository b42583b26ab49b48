// Whether a file has the content that a source was read from, plain or compressed: the same head, and the same bytes before
// the offset that was reached. A compressed file is unpacked as far as that. And whether all of a compressed file is in a
// plain one.
import { readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { KnownSource } from "../../core/source.ts";
import { continues } from "./continues.ts";
import { Gunzip } from "./gzip/gunzip.ts";
import { formOfFile } from "./gzip/gzip-member.ts";
import { UTF8 } from "./records/text-code.ts";
import { Unpacking } from "./gzip/unpacking.ts";

export async function isCopyOf(fd: number, source: KnownSource, signal: AbortSignal): Promise<boolean> {
  const { identity, checkpoint, mark } = source;
  // Nothing that was read is no evidence.
  if (identity.headLength === 0 || !continues(fd, identity, checkpoint, mark)) return false;
  return formOfFile(fd) === "plain" || unpacksTo(fd, source, signal);
}

async function unpacksTo(fd: number, { checkpoint, mark }: KnownSource, signal: AbortSignal): Promise<boolean> {
  const unpacking = new Unpacking(UTF8);
  const before = Buffer.alloc(mark.length);
  try {
    while (!signal.aborted) {
      const read = await unpacking.read(fd, checkpoint - mark.length, before, Buffer.alloc(0));
      if (read !== "passing") return unpacking.to >= checkpoint && crc32(before) === mark.hash;
    }
    return false;
  } finally {
    unpacking.close();
  }
}

/** Whether the plain file begins with what the other, as far as it goes, unpacks to. */
export async function isPackedFrom(packed: number, plain: number, signal: AbortSignal): Promise<boolean> {
  const gunzip = new Gunzip();
  try {
    for (let at = 0; !signal.aborted;) {
      const piece = await gunzip.next(packed);
      if (piece === undefined) return true;
      const other = Buffer.allocUnsafe(piece.length);
      if (readSync(plain, other, 0, other.length, at) < piece.length || !piece.equals(other)) return false;
      at += piece.length;
    }
    return false;
  } finally {
    gunzip.close();
  }
}
