// Opens and closes the files of tails. A descriptor is held while there is something to read, so that a file which loses
// its name meanwhile is read to its end. O_NONBLOCK: a name may have become a FIFO since it was looked at, and opening
// one would wait for its writer.
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { assert, describe, hasCode } from "../../core/errors.ts";
import { liveKey } from "./identity.ts";
import type { Nag } from "./nag.ts";
import { CLOSED, type Tail } from "./tail.ts";

/** Beyond it a file is opened for its turn only. */
export const MAX_OPEN = 2000;

export class Descriptors {
  count = 0;
  private readonly nag: Nag;

  constructor(nag: Nag) {
    this.nag = nag;
  }

  get plenty(): boolean {
    return this.count < MAX_OPEN;
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
      this.count++;
      tail.failing = "no";
      return true;
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) this.complain(tail, error);
      return false;
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
    this.closeNumber(this.detach(tail));
  }

  /** Takes the descriptor away from the tail; the taker closes it. */
  detach(tail: Tail): number {
    const { fd } = tail;
    tail.fd = CLOSED;
    return fd;
  }

  closeNumber(fd: number): void {
    if (fd === CLOSED) return;
    closeSync(fd);
    this.count--;
  }
}

/** A call to the system failed, which is the machine's fault and may pass. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
