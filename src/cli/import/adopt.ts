// Creates the source for a file that another agent has read up to an offset, as spillway itself would have created it.
import { closeSync, fstatSync, readSync } from "node:fs";
import { describe } from "../../core/errors.ts";
import { type KnownSource, type Mark, NO_MARK, newSourceId } from "../../core/source.ts";
import { continuesSource } from "../../inputs/file/identity/candidate.ts";
import { isSystemError, openPath, realPathOf } from "../../inputs/file/paths.ts";
import { claimedSize, formOfFile } from "../../inputs/file/gzip/gzip-member.ts";
import { fileKey, checksumBefore } from "../../inputs/file/identity/fingerprint.ts";
import { endOfLastLine } from "../../inputs/file/records/line-places.ts";
import { claimsToEnd, contentFingerprint, firstContent } from "../../inputs/file/gzip/packed.ts";
import { codeOf, encodingOf } from "../../inputs/file/records/text-code.ts";
import type { Entry, Reason } from "./entry.ts";
import type { Reader } from "./find.ts";
import type { Seen } from "./scope.ts";
import { type Offsets, commonStart } from "./streams.ts";
import { wholeRecord } from "./whole-record.ts";
import { XXH3_BYTES, xxh3 } from "./xxh3.ts";

export type Adoption =
  | {
      readonly source: KnownSource;
      /** Size of the file. */
      readonly size: number;
      /** The known source with the same inode that this file continues, if any. */
      readonly own: KnownSource | undefined;
    }
  | Refusal;

export interface Claims {
  readonly file: Seen;
  readonly reader: Reader;
  /** The offsets of the file's entries: one per stream, or a single one. */
  readonly offsets: Offsets;
  /** The first of these entries. */
  readonly entry: Entry;
  /** Sources in the state database with the file's inode. */
  readonly known: readonly KnownSource[];
}

export function adopt(claims: Claims): Adoption {
  const { file, reader, known } = claims;
  const { input, path } = reader;
  let fd: number;
  try {
    fd = openPath(realPathOf(file.path) ?? file.path);
  } catch (error) {
    return { reason: "unreadable", message: `it cannot be opened: ${describe(error)}` };
  }
  try {
    const stats = fstatSync(fd, { bigint: true });
    const size = Number(stats.size);
    if (fileKey(stats) !== fileKey(file.stats)) return { reason: "other-file", message: "it was replaced this moment" };
    const place = formOfFile(fd) === "gzip" ? placeInPacked(fd, size, claims) : placeIn(fd, size, claims);
    if ("reason" in place) return place;
    const { origin, mark } = place;
    const head = contentFingerprint(fd, origin);
    const [device, inode, birthNs] = [stats.dev, stats.ino, stats.birthtimeNs].map(String) as [string, string, string];
    const identity = { path, device, inode, birthNs, headLength: head.length, headHash: head.hash };
    const own = known.find((one) => continuesSource(fd, one));
    return { source: { id: newSourceId(), input: input.id, identity, origin, checkpoint: origin, mark }, size, own };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { reason: "unreadable", message: `it cannot be read: ${describe(error)}` };
  } finally {
    closeSync(fd);
  }
}

interface Refusal {
  readonly reason: Reason;
  readonly message: string;
}

interface Place {
  readonly origin: number;
  readonly mark: Mark;
}

function placeIn(fd: number, size: number, { offsets, entry: { before }, reader: { input } }: Claims): Place | Refusal {
  const offset = Math.max(...offsets.values());
  if (size < offset)
    return { reason: "truncated", message: `it has ${size} bytes now, of which none may be the old ones` };
  if (before !== undefined && !hasBefore(fd, offset, before))
    return { reason: "truncated", message: "what lies before the offset is not what was read: it was written anew" };
  // Other agents store offsets at line ends, except one that was killed with half a line read.
  const code = codeOf(encodingOf(input.encoding), firstContent(fd, "plain"));
  const start = endOfLastLine(fd, commonStart(fd, offsets), code);
  const origin = wholeRecord(fd, start, input.format);
  return { origin, mark: checksumBefore(fd, origin) };
}

function hasBefore(fd: number, offset: number, sum: bigint): boolean {
  if (offset < XXH3_BYTES) return true;
  const bytes = Buffer.alloc(XXH3_BYTES);
  readSync(fd, bytes, 0, XXH3_BYTES, offset - XXH3_BYTES);
  return xxh3(bytes) === sum;
}

/**
 * In a gzip file some agents count uncompressed bytes, some compressed bytes. A file that was read to its end is recognised
 * either way. If the entry was matched by content, the file may have been read while it was plain and compressed since. Then
 * the offset counts uncompressed bytes, and lies after a whole line, as agents that match by content store it.
 */
function placeInPacked(fd: number, size: number, { offsets, entry: { recognised } }: Claims): Place | Refusal {
  const offset = Math.max(...offsets.values());
  const claimed = claimedSize(fd, size);
  if (claimsToEnd(fd, size, offset)) return { origin: offset, mark: NO_MARK };
  if (recognised.by !== "inode" && recognised.by !== "path" && offset <= claimed)
    return { origin: offset, mark: NO_MARK };
  if (offset === size) return { origin: claimed, mark: NO_MARK };
  return { reason: "compressed", message: "it is compressed, and not known to be read to its end: it is read anew" };
}
