// The parts of a gzip file around its compressed data: a header and a trailer for each member (RFC 1952).
import { readSync } from "../mounts/system-calls.ts";

export const TRAILER_BYTES = 8;
const FIXED_BYTES = 10;
const FLAGS = { checksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;
const MAGIC = [0x1f, 0x8b, 8];
/** Longest header accepted. Names and comments may have any length, but nobody writes such long ones. */
const MOST_BYTES = 128 * 1024;

/** unknown: the file is too short to tell. */
export type Form = "gzip" | "plain" | "unknown";

/** The form of a file, by its first bytes. */
export function formOf(bytes: Uint8Array): Form {
  for (const [at, byte] of MAGIC.entries()) {
    if (at >= bytes.length) return "unknown";
    if (bytes[at] !== byte) return "plain";
  }
  return "gzip";
}

export function formOfFile(fd: number): Form {
  const first = Buffer.alloc(MAGIC.length);
  return formOf(first.subarray(0, readSync(fd, first, 0, first.length, 0)));
}

/** Length of the gzip header at the start of `bytes`. short: the header continues behind them. bad: they are no gzip header. */
export function headerLength(bytes: Buffer): number | "short" | "bad" {
  const form = formOf(bytes);
  if (form === "plain") return "bad";
  if (form === "unknown" || bytes.length < FIXED_BYTES) return "short";
  const flags = bytes[3] as number;
  if (flags & FLAGS.reserved) return "bad";
  let at = FIXED_BYTES;
  if (flags & FLAGS.extra) {
    if (bytes.length < at + 2) return "short";
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return bytes.length < MOST_BYTES ? "short" : "bad";
    at = end + 1;
  }
  if (flags & FLAGS.checksum) at += 2;
  return at <= bytes.length ? at : "short";
}

export interface Trailer {
  readonly checksum: number;
  /** Length of the member's content, modulo 2^32. */
  readonly size: number;
}

export function trailerOf(bytes: Buffer): Trailer {
  return { checksum: bytes.readUInt32LE(0), size: bytes.readUInt32LE(4) };
}

/** The size of the content modulo 2^32, as the file's last four bytes claim. Correct only for a whole file with one member. */
export function claimedSize(fd: number, size: number): number {
  const last = Buffer.alloc(4);
  return readSync(fd, last, 0, 4, Math.max(0, size - 4)) === 4 ? last.readUInt32LE(0) : 0;
}
