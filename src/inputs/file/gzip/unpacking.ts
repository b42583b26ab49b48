// A window that moves over the content of a gzip file. Bytes before the requested position are dropped. Bytes that were
// unpacked but not used yet are kept, so that a partial last line is not unpacked again.
import { Gunzip } from "./gunzip.ts";
import { leadingNuls } from "../records/holes.ts";
import type { TextCode } from "../records/text-code.ts";

/** Most content that one call skips: skipping 1 GiB at once would block a reader for seconds. */
const PASS_BYTES = 4 << 20;

export class Unpacking {
  readonly gunzip = new Gunzip();
  /** End of the content unpacked so far. */
  to = 0;
  /** In the skipped content: the offset behind its last line end and the hole that follows. */
  lineStart = 0;
  private pieces: Buffer[] = [];
  private from = 0;
  private readonly code: TextCode;

  constructor(code: TextCode) {
    this.code = code;
  }

  /**
   * Fills `before` with the content from `at` on, and `bytes` with the content behind that.
   * @returns bytes filled, fewer if there are no more now; passing: the place is not reached yet, call again
   */
  async read(fd: number, at: number, before: Buffer, bytes: Buffer): Promise<number | "passing"> {
    const position = at + before.length;
    const pause = this.to + PASS_BYTES;
    const wanted = position + bytes.length;
    while (this.to < wanted) {
      this.dropBefore(at);
      if (this.to < position && this.to >= pause) return "passing";
      const piece = await this.gunzip.next(fd);
      if (piece === undefined) break;
      this.note(piece, position);
      this.pieces.push(piece);
      this.to += piece.length;
    }
    this.dropBefore(at);
    return this.copy(at, before, 0) + this.copy(position, bytes, 0);
  }

  close(): void {
    this.gunzip.close();
    this.pieces = [];
  }

  private note(piece: Buffer, position: number): void {
    const passed = piece.subarray(0, Math.max(0, position - this.to));
    const end = this.code.lastLineEnd(passed, this.to);
    if (end >= 0) this.lineStart = this.to + end;
    if (this.lineStart >= this.to) this.lineStart += leadingNuls(passed.subarray(this.lineStart - this.to));
  }

  private dropBefore(at: number): void {
    let count = 0;
    for (const piece of this.pieces) {
      if (this.from + piece.length > at) break;
      this.from += piece.length;
      count++;
    }
    if (count > 0) this.pieces.splice(0, count);
  }

  private copy(at: number, into: Buffer, done: number): number {
    let start = this.from;
    for (const piece of this.pieces) {
      const offset = at + done - start;
      if (done < into.length && offset >= 0 && offset < piece.length) done += piece.copy(into, done, offset);
      start += piece.length;
    }
    return done;
  }
}
