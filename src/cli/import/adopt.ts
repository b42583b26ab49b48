// A source as this agent would have made it, of a file that another agent has read up to an offset.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { describe } from "../../core/errors.ts";
import { type KnownSource, type Mark, NO_MARK, newSourceId } from "../../core/source.ts";
import { continues } from "../../inputs/file/continues.ts";
import { isSystemError } from "../../inputs/file/descriptors.ts";
import { claimedSize, formOfFile } from "../../inputs/file/gzip/gzip-member.ts";
import { liveKey, markBefore } from "../../inputs/file/identity.ts";
import { endOfLastLine } from "../../inputs/file/line-places.ts";
import { claimsToEnd, contentHead, firstContent } from "../../inputs/file/gzip/packed.ts";
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
      /** Of the file. */
      readonly size: number;
      /** Which of these sources, of the same inode, this file goes on with. */
      readonly own: KnownSource | undefined;
    }
  | Refusal;

export interface Claims {
  readonly file: Seen;
  readonly reader: Reader;
  /** Of the entries that are of the file: by stream, or one. */
  readonly offsets: Offsets;
  /** The first of these entries. */
  readonly entry: Entry;
  /** Sources of the state database that were in its inode. */
  readonly known: readonly KnownSource[];
}

export function adopt(claims: Claims): Adoption {
  const { file, reader, known } = claims;
  const { input, path } = reader;
  let fd: number;
  try {
    fd = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { reason: "unreadable", message: `it cannot be opened: ${describe(error)}` };
  }
  try {
    const stats = fstatSync(fd, { bigint: true });
    const size = Number(stats.size);
    if (liveKey(stats) !== liveKey(file.stats)) return { reason: "other-file", message: "it was replaced this moment" };
    const place = formOfFile(fd) === "gzip" ? placeInPacked(fd, size, claims) : placeIn(fd, size, claims);
    if ("reason" in place) return place;
    const { origin, mark } = place;
    const head = contentHead(fd, origin);
    const [device, inode, birthNs] = [stats.dev, stats.ino, stats.birthtimeNs].map(String) as [string, string, string];
    const identity = { path, device, inode, birthNs, headLength: head.length, headHash: head.hash };
    const own = known.find((one) => continues(fd, one.identity, one.checkpoint, one.mark));
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
  // Others keep offsets behind whole lines, but for one that was killed with half a line read.
  const code = codeOf(encodingOf(input.encoding), firstContent(fd, "plain"));
  const start = endOfLastLine(fd, commonStart(fd, offsets), code);
  const origin = wholeRecord(fd, start, input.format);
  return { origin, mark: markBefore(fd, origin) };
}

function hasBefore(fd: number, offset: number, sum: bigint): boolean {
  if (offset < XXH3_BYTES) return true;
  const bytes = Buffer.alloc(XXH3_BYTES);
  readSync(fd, bytes, 0, XXH3_BYTES, offset - XXH3_BYTES);
  return xxh3(bytes) === sum;
}

/**
 * Some agents count what is in it, some the bytes of the file: one that was read to its end is recognised either way. Where
 * the content is known to be what was read, it is perhaps of a plain file that was compressed since, and the offset is of it:
 * behind a whole line, as agents that go by contents have it.
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
