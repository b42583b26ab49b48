// Opens and closes the files of tails. A descriptor is held while there is something to read, so that a file which loses
// its name meanwhile is read to its end. O_NONBLOCK: a name may have become a FIFO since it was looked at, and opening
// one would wait for its writer.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { assert, describe, hasCode } from "../../core/errors.ts";
import { continues } from "./continues.ts";
import { liveKey } from "./identity.ts";
import type { Nag } from "./nag.ts";
import { CLOSED, type Tail } from "./tail.ts";

/** Of the files of all inputs. Beyond it a file is opened for its turn only. */
const MOST_OPEN = Math.min(2000, Math.max(limit() - 128, limit() / 8));

/** One process has one limit, however many inputs. */
let count = 0;

export class Descriptors {
  private readonly nag: Nag;

  constructor(nag: Nag) {
    this.nag = nag;
  }

  get plenty(): boolean {
    return count < MOST_OPEN;
  }

  /** False: it cannot be opened now, or its path leads to another file. A later look or scan tells which. */
  open(tail: Tail): boolean {
    if (tail.fd !== CLOSED) return true;
    try {
      const fd = openSync(tail.path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = fstatSync(fd, { bigint: true });
      if (liveKey(stats) !== tail.key) {
        closeSync(fd);
        return false;
      }
      tail.fd = fd;
      count++;
      tail.failing = "no";
      return true;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) this.complain(tail, error);
      return false;
    }
  }

  /** Does the file at a path begin with what was read of this one? Its descriptor is let go. */
  continuesAt(tail: Tail, path: string): boolean {
    this.close(tail);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return continues(fd, tail.identity, tail.position, tail.mark);
    } finally {
      closeSync(fd);
    }
  }

  complain(tail: Tail, error: unknown): void {
    tail.failing = "yes";
    this.nag.warn(
      "file_unreadable",
      `Cannot read ${tail.path}: ${describe(error)}. It is tried again every few seconds.`,
      {
        path: tail.path,
      },
    );
  }

  close(tail: Tail): void {
    if (tail.fd === CLOSED) return;
    assert(tail.turn !== "reading", "a descriptor closed during a read");
    closeSync(tail.fd);
    tail.fd = CLOSED;
    count--;
  }

  /** A file that waits for its turn gives its descriptor back where there are too many. */
  relieve(tail: Tail): void {
    if (tail.mode === "named" && tail.turn !== "reading" && !this.plenty) this.close(tail);
  }
}

/** A call to the system failed, which is the machine's fault and may pass. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** Nothing can be opened for a while, which says nothing of any file. */
export function isShortage(error: unknown): boolean {
  return hasCode(error, "EMFILE", "ENFILE", "ENOMEM");
}

/** What the rest of the agent needs of it (the database, connections, watches) is some 50, in a busy one 100. */
function limit(): number {
  try {
    const soft = /^Max open files\s+(\w+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === "unlimited" ? Infinity : Number(soft ?? 1024);
  } catch {
    return 1024;
  }
}
