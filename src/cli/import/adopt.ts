// A source as this agent would have made it, of a file that another agent has read up to an offset.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { describe } from "../../core/errors.ts";
import { type KnownSource, newSourceId } from "../../core/source.ts";
import { isSystemError } from "../../inputs/file/descriptors.ts";
import { continues } from "../../inputs/file/continues.ts";
import { liveKey, markBefore, readHead } from "../../inputs/file/identity.ts";
import { endOfLastLine, readStart } from "../../inputs/file/line-places.ts";
import { codeOf, encodingOf } from "../../inputs/file/text-code.ts";
import type { Reason } from "./entry.ts";
import type { Reader } from "./find.ts";
import type { Seen } from "./scope.ts";
import { type Offsets, commonStart } from "./streams.ts";
import { wholeRecord } from "./whole-record.ts";

export type Adoption =
  | {
      readonly source: KnownSource;
      /** Of the file. */
      readonly size: number;
      /** Which of these sources, of the same inode, this file goes on with. */
      readonly own: KnownSource | undefined;
    }
  | { readonly reason: Reason; readonly message: string };

export interface Claims {
  readonly file: Seen;
  readonly reader: Reader;
  /** Of the entries that are of the file: by stream, or one. */
  readonly offsets: Offsets;
  /** Sources of the state database that were in its inode. */
  readonly known: readonly KnownSource[];
}

export function adopt({ file, reader, offsets, known }: Claims): Adoption {
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
    if (isCompressed(fd))
      return {
        reason: "compressed",
        message: "it is compressed, and the offset counts other bytes: exclude it, or it is read anew",
      };
    if (size < Math.max(...offsets.values()))
      return { reason: "truncated", message: `it has ${size} bytes now, of which none may be the old ones` };
    // Others keep offsets behind whole lines, but for one that was killed with half a line read.
    const code = codeOf(encodingOf(input.encoding), readStart(fd));
    const start = endOfLastLine(fd, commonStart(fd, offsets), code);
    const origin = wholeRecord(fd, start, input.format);
    const head = readHead(fd, origin);
    const [device, inode, birthNs] = [stats.dev, stats.ino, stats.birthtimeNs].map(String) as [string, string, string];
    const identity = { path, device, inode, birthNs, headLength: head.length, headHash: head.hash };
    const mark = markBefore(fd, origin);
    const own = known.find((one) => continues(fd, one.identity, one.checkpoint, one.mark));
    return { source: { id: newSourceId(), input: input.id, identity, origin, checkpoint: origin, mark }, size, own };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { reason: "unreadable", message: `it cannot be read: ${describe(error)}` };
  } finally {
    closeSync(fd);
  }
}

/** As gzip and zstd files begin. */
function isCompressed(fd: number): boolean {
  const magic = Buffer.alloc(4);
  readSync(fd, magic, 0, 4, 0);
  const begins = magic.toString("hex");
  return begins.startsWith("1f8b") || begins === "28b52ffd";
}
