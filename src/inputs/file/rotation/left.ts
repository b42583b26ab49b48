// What an input leaves to the one that replaces it in the same process, at a reload: descriptors of files without a name, whose
// content would be lost if they were closed, and sizes of files that may be removed before the next input looks.
// Invariant: a descriptor belongs to `Left` or to one tail.
import type { SourceId } from "../../../core/source.ts";
import { Candidate } from "../identity/candidate.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import { closeSync, fstatExact, fstatSync } from "../mounts/system-calls.ts";
import type { Left } from "../shared.ts";
import type { Descriptors } from "../tail/descriptors.ts";
import type { Poller } from "../tail/poller.ts";
import { CLOSED } from "../tail/tail.ts";
import type { Assignments } from "./assignments.ts";

export function nothingLeft(): Left {
  return { files: new Map(), sizes: new Map() };
}

/** Call when nothing is being read any more. The other descriptors stay open. */
export function leave(left: Left, index: SourceIndex, descriptors: Descriptors): void {
  for (const tail of [...index.attached, ...index.detached]) {
    const { source, position, fd, lag, loss } = tail;
    if (source === undefined) continue;
    const missing = loss?.bytes ?? lag;
    if (missing > 0) left.sizes.set(source, position + missing);
    if (fd !== CLOSED && fstatSync(fd).nlink === 0) left.files.set(source, descriptors.give(tail));
  }
}

export interface TakingParts {
  readonly index: SourceIndex;
  readonly assignments: Assignments;
  readonly poller: Poller;
}

/** The input's sources resume in the files that were left for them. Call before anything is scanned. */
export function takeOver(left: Left, { index, assignments, poller }: TakingParts): void {
  for (const tail of [...index.expected]) {
    const source = tail.source as SourceId;
    const fd = left.files.get(source);
    if (fd === undefined) continue;
    left.files.delete(source);
    const stats = fstatExact(fd);
    assignments.resume(tail, Candidate.of(tail.path, { fd, real: tail.path }, stats));
    index.move(tail);
    assignments.unlink(tail);
    poller.begin(tail, Number(stats.mtimeMs));
  }
}

/** Call when all inputs run. Closes what none has taken over: files of an input that is not configured any more. */
export function closeLeft({ files, sizes }: Left): void {
  for (const fd of files.values()) closeSync(fd);
  files.clear();
  sizes.clear();
}
