// Whether a file still has the content that was read: by its stat, and by the content itself.
import type { Stats } from "node:fs";
import type { Packed } from "../gzip/packed.ts";
import { checksumBefore, hasFingerprint, sameChecksum } from "../identity/fingerprint.ts";
import type { Tail } from "./tail.ts";

/** Whether the stat cannot tell, and the content must be compared. */
export function needsComparison(tail: Tail, stats: Stats): boolean {
  const { packed, position, size } = tail;
  if (packed !== undefined) return stats.size >= packed.fed && isWritten(tail, stats);
  if (position === 0 || stats.size < position) return false;
  return stats.size < size || (stats.size === size && isWritten(tail, stats));
}

/** The file may have been written to since the last poll. */
export function isWritten({ mtime, mtimeMs }: Tail, stats: Stats): boolean {
  return stats.mtimeMs !== mtimeMs || mtime === "fresh";
}

export function isOverwritten({ fd, position, fingerprint, checksum }: Tail): boolean {
  if (position === 0) return false;
  return !hasFingerprint(fd, fingerprint) || !sameChecksum(checksumBefore(fd, position), checksum);
}

export function isRecompressed(tail: Tail, packed: Packed, stats: Stats): boolean {
  if (stats.size < packed.fed) return true;
  return isWritten(tail, stats) && !hasFingerprint(tail.fd, packed.fingerprint);
}
