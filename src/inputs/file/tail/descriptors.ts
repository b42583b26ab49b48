// Opens and closes the files of tails. A descriptor is held while there is something to read, so that a file that is unlinked
// meanwhile is read to its end.
import { descriptorLimit } from "../../../core/descriptor-limit.ts";
import { assert, describe, hasCode } from "../../../core/errors.ts";
import type { Candidate } from "../identity/candidate.ts";
import { openJudged } from "../identity/links.ts";
import { closeSync } from "../mounts/system-calls.ts";
import { realPathOf } from "../paths.ts";
import type { Shared } from "../shared.ts";
import { CLOSED, type Tail } from "./tail.ts";

/**
 * Descriptors held at most, for all inputs. Beyond that a file is opened only for its read. The rest of the agent (database,
 * connections, watches) needs some 50, when busy 100.
 */
const MOST_OPEN = Math.min(2000, Math.max(descriptorLimit() - 128, descriptorLimit() / 8));

/** Descriptors held by all inputs, since the limit is per process. */
let count = 0;

export class Descriptors {
  private readonly shared: Pick<Shared, "reports" | "counts">;
  private own = 0;

  constructor(shared: Pick<Shared, "reports" | "counts">) {
    this.shared = shared;
  }

  /** Descriptors held by this input. */
  get held(): number {
    return this.own;
  }

  get plenty(): boolean {
    return count < MOST_OPEN;
  }

  /** False: the file cannot be opened now, or the path leads to another file. A later poll or scan tells which. */
  open(tail: Tail): boolean {
    if (tail.fd !== CLOSED) return true;
    try {
      // Links, also to directories, may lead elsewhere now, to the same file or to another.
      const path = realPathOf(tail.path);
      const fd = path === undefined ? undefined : openJudged(path, `${tail.dev}:${tail.inodeKey}`);
      if (fd === undefined) return false;
      this.hold(tail, fd);
      tail.failing = "no";
      return true;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) this.complain(tail, error);
      return false;
    }
  }

  /** Transfers the candidate's descriptor to the tail. */
  adopt(tail: Tail, candidate: Candidate): void {
    this.close(tail);
    this.hold(tail, candidate.take());
  }

  complain(tail: Tail, error: unknown): void {
    tail.failing = "yes";
    this.sayUnreadable(tail.path, error);
  }

  sayUnreadable(path: string, error: unknown): void {
    this.shared.counts.failures++;
    const message = `Cannot read ${path}: ${describe(error)}. It is tried again every few seconds.`;
    this.shared.reports.warn("file_unreadable", message, { path });
  }

  close(tail: Tail): void {
    if (tail.fd === CLOSED) return;
    assert(tail.slot !== "reading", "a descriptor closed during a read");
    closeSync(this.give(tail));
  }

  /** Takes the tail's descriptor from it. @returns the descriptor, which belongs to the caller now */
  give(tail: Tail): number {
    const { fd } = tail;
    tail.fd = CLOSED;
    count--;
    this.own--;
    return fd;
  }

  /** Closes a file that waits for its read, if too many are open. */
  relieve(tail: Tail): void {
    if (tail.mode === "named" && tail.slot !== "reading" && !this.plenty) this.close(tail);
  }

  private hold(tail: Tail, fd: number): void {
    tail.fd = fd;
    count++;
    this.own++;
  }
}

/** Descriptors or memory are short, so nothing can be opened for a while. That says nothing about any file. */
export function isShortage(error: unknown): boolean {
  return hasCode(error, "EMFILE", "ENFILE", "ENOMEM");
}
