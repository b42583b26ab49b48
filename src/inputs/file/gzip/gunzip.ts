// Unpacks a gzip file piece by piece, while the file may still grow. The file holds concatenated members, and possibly other
// bytes behind them. Memory is bounded whatever the file unpacks to: a piece has at most PIECE_BYTES, and the next is made on
// request.
//
// Invariant: everything before the place where a file is damaged is returned. zlib discards the output of the call in which it
// finds a fault. The member is then unpacked again, at most twice, in smaller inputs where the fault lies.
import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { headerLength, TRAILER_BYTES, trailerOf } from "./gzip-member.ts";
import { read } from "../mounts/system-calls.ts";

/** Largest piece of content. */
const PIECE_BYTES = 64 * 1024;
/** Bytes read from the file at once. */
const INPUT_BYTES = 32 * 1024;
/** Sizes of zlib's input, by number of failures: everything there is at first, then less from one failure to the next. */
const BITES = [INPUT_BYTES, 256, 1] as const;

/** A fault in a file, and where it is. */
export interface Fault {
  readonly kind: "corrupt" | "checksum" | "garbage";
  readonly offset: number;
}

export class Gunzip {
  /**
   * Why `next` returned nothing. cut: the file ends inside a member, or before its first. whole: it ends behind a member.
   * damaged: nothing behind this place can be read.
   */
  state: "cut" | "whole" | "damaged" = "cut";
  /** Faults found since the caller last removed them. */
  readonly faults: Fault[] = [];
  private part: "header" | "data" | "trailer" = "header";
  /** Bytes read from the file and not used yet. The next read of the file starts at `at`. */
  private input: Buffer = Buffer.alloc(0);
  private at = 0;
  private members = 0;
  private member: Member | undefined;
  /** Where the member's data begin, and how much of its content was returned. */
  private dataAt = 0;
  private given = 0;
  /** Content of this member that was returned before and is skipped when it is unpacked again. */
  private again = 0;
  /** Failures in this member, and where the input began that caused the last one. */
  private failures = 0;
  private failedAt = 0;

  /** Bytes of the file that were read. */
  get fed(): number {
    return this.at;
  }

  /** The next piece of content. Undefined: there is no more now (see `state`). */
  async next(fd: number): Promise<Buffer | undefined> {
    while (this.state !== "damaged") {
      if (this.part === "data") {
        const piece = await this.inflate(fd);
        if (piece === "starved") return this.stop("cut");
        if (piece === "ended") this.part = "trailer";
        else if (piece === "failed") this.fail();
        else if (piece.length > 0) return piece;
      } else if (!(this.part === "header" ? this.begin() : this.end()) && !(await this.more(fd))) {
        const behind = this.part === "header" && this.members > 0 && this.input.length === 0;
        return this.stop(behind ? "whole" : "cut");
      }
    }
    return undefined;
  }

  close(): void {
    this.member?.stream.destroy();
    this.member = undefined;
  }

  private stop(state: "cut" | "whole"): undefined {
    this.state = state;
  }

  /** False: more bytes of the file are needed first. */
  private begin(): boolean {
    const length = this.input.length === 0 ? "short" : headerLength(this.input);
    if (length === "short") return false;
    if (length === "bad") this.damage(this.members > 0 ? "garbage" : "corrupt");
    else {
      this.skip(length);
      this.dataAt = this.at - this.input.length;
      this.given = 0;
      this.open();
    }
    return true;
  }

  private open(): void {
    this.member = new Member();
    this.part = "data";
  }

  private end(): boolean {
    if (this.input.length < TRAILER_BYTES) return false;
    const { checksum, size } = trailerOf(this.input);
    const member = this.member as Member;
    if (member.checksum !== checksum || member.size % 2 ** 32 !== size)
      this.faults.push({ kind: "checksum", offset: this.at - this.input.length });
    this.close();
    this.skip(TRAILER_BYTES);
    this.members++;
    this.failures = 0;
    this.part = "header";
    return true;
  }

  private async inflate(fd: number): Promise<Buffer | "starved" | "ended" | "failed"> {
    const member = this.member as Member;
    for (;;) {
      const piece = await member.take();
      if (typeof piece === "object") return this.fresh(piece);
      if (piece === "failed") return piece;
      if (piece === "ended") {
        // The stream has not used the end of its last input, which follows the member's data.
        this.input = Buffer.concat([member.unused, this.input]);
        return piece;
      }
      if (this.input.length === 0 && !(await this.more(fd))) return "starved";
      const bite = this.input.subarray(0, this.nextBite());
      member.feed(bite);
      this.skip(bite.length);
    }
  }

  private nextBite(): number {
    const before = this.failedAt - (this.at - this.input.length);
    return this.failures > 0 && before > 0 ? before : (BITES[this.failures] as number);
  }

  /** The part of the piece that was not returned before. */
  private fresh(piece: Buffer): Buffer {
    const old = Math.min(this.again, piece.length);
    this.again -= old;
    this.given += piece.length - old;
    return piece.subarray(old);
  }

  private fail(): void {
    const { fed } = this.member as Member;
    this.close();
    this.failedAt = this.at - this.input.length - fed;
    if (++this.failures === BITES.length) return this.damage("corrupt");
    this.again = this.given;
    this.at = this.dataAt;
    this.input = Buffer.alloc(0);
    this.open();
  }

  private damage(kind: "corrupt" | "garbage"): void {
    this.state = "damaged";
    this.faults.push({ kind, offset: this.at - this.input.length });
  }

  private skip(bytes: number): void {
    this.input = this.input.subarray(bytes);
  }

  /** Reads on in the file. False: end of file. */
  private async more(fd: number): Promise<boolean> {
    const block = Buffer.allocUnsafe(INPUT_BYTES);
    const bytesRead = await read(fd, block, this.at);
    this.at += bytesRead;
    const fresh = block.subarray(0, bytesRead);
    this.input = this.input.length === 0 ? fresh : Buffer.concat([this.input, fresh]);
    return bytesRead > 0;
  }
}

/** Inflates the data of one member. `feed` and `take` alternate. */
class Member {
  readonly stream: InflateRaw = createInflateRaw({ chunkSize: PIECE_BYTES });
  checksum = 0;
  size = 0;
  /** Bytes of the last input, and of all inputs before it. */
  fed = 0;
  private before = 0;
  private bite: Buffer = Buffer.alloc(0);
  private state: "idle" | "busy" | "ended" | "failed" = "idle";
  private wake: () => void = () => undefined;

  constructor() {
    this.stream.on("readable", () => this.wake());
    // After an error the callback of `write` is not called.
    this.stream.on("error", () => this.turn("failed"));
  }

  feed(bite: Buffer): void {
    this.before += this.bite.length;
    this.bite = bite;
    this.fed = bite.length;
    this.state = "busy";
    this.stream.write(bite, () => this.turn(this.unused.length > 0 ? "ended" : "idle"));
  }

  /** The input behind the end of the member's data. */
  get unused(): Buffer {
    return this.bite.subarray(this.stream.bytesWritten - this.before);
  }

  /** idle: it needs more input. */
  async take(): Promise<Buffer | "idle" | "ended" | "failed"> {
    for (;;) {
      const piece = this.stream.read() as Buffer | null;
      if (piece !== null) {
        this.checksum = crc32(piece, this.checksum);
        this.size += piece.length;
        return piece;
      }
      if (this.state !== "busy") return this.state;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private turn(state: "idle" | "ended" | "failed"): void {
    this.state = state;
    this.wake();
  }
}
