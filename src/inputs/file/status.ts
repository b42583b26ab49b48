// The status of a file input: its files, lag and failures. It is asked for every second, and there may be 100,000 quiet files,
// so only files that may have unread bytes are looked at.
import type { SourceIndex } from "./identity/source-index.ts";
import type { Shared, Unread } from "./shared.ts";
import type { Descriptors } from "./tail/descriptors.ts";

export interface FileInputStatus {
  readonly files: number;
  /** Descriptors held. */
  readonly open: number;
  /** Bytes in files that were not handed over yet, partial last lines included. */
  readonly lagBytes: number;
  /** How long the oldest of these bytes have been there. */
  readonly lagSeconds: number;
  /** Unread bytes of files whose path is no longer the one they were found by. */
  readonly rotatedBytes: number;
  /** Unread bytes of unlinked files. */
  readonly atRiskBytes: number;
  readonly unread: Unread;
  /** Failed system calls on its files so far. */
  readonly failures: number;
  /** Paths that were not read because of a symbolic link on the way. */
  readonly refusedLinks: number;
}

export function statusOf(
  index: SourceIndex,
  { held }: Pick<Descriptors, "held">,
  { clock, counts, unread }: Pick<Shared, "clock" | "counts" | "unread">,
): FileInputStatus {
  const now = clock.now();
  let [lagBytes, lagMs, rotatedBytes, atRiskBytes] = [0, 0, 0, 0];
  for (const tail of index.unread) {
    const { lag } = tail;
    if (lag === 0) {
      // Unpacking finds more content in a compressed file without a poll.
      if (tail.packed === undefined) index.unread.delete(tail);
      continue;
    }
    lagBytes += lag;
    if (tail.searched < tail.lagMark) lagMs = Math.max(lagMs, now - tail.lagSince);
    if (tail.mode === "unlinked") atRiskBytes += tail.links === 0 ? lag : 0;
    else if (tail.path !== tail.firstPath) rotatedBytes += lag;
  }
  const lag = { lagBytes, lagSeconds: lagMs / 1000, rotatedBytes, atRiskBytes };
  return { files: index.attached.size, open: held, ...lag, unread: { ...unread }, ...counts };
}
