// What is known of a gzip file beside the stream that unpacks it: a file may be read for longer than a stream can be kept.
//
// Its content is what has offsets, a head and marks, as that of a plain file; bytes of the file itself are called stored.
import { readSync } from "node:fs";
import { constants, crc32, gunzipSync } from "node:zlib";
import { claimedSize, type Form, formOf, formOfFile, TRAILER_BYTES } from "./gzip-member.ts";
import { type Head, HEAD_LENGTH, readHead } from "../identity.ts";

export interface Packed {
  /** Of the stored bytes: the file is written anew when it changes. */
  head: Head;
  stored: number;
  /** Stored bytes that were taken in, and bytes of content that came of them. */
  fed: number;
  unpacked: number;
  /** open: there may be more. The others are why there is no more in what was taken in (gunzip.ts). */
  state: "open" | "cut" | "whole" | "damaged";
  /** awaited: there are as many streams as there may be. */
  stream: "allowed" | "awaited";
}

/** Read for the first bytes of the content: deflate makes nothing longer by more than a few bytes. */
const SAMPLE_BYTES = 2 * HEAD_LENGTH;

const sample = Buffer.alloc(SAMPLE_BYTES);

/** Nothing of it is unpacked. */
export function packedAt(fd: number, stored: number): Packed {
  return { head: storedHead(fd, stored), stored, fed: 0, unpacked: 0, state: "open", stream: "allowed" };
}

/**
 * Without what may be the trailer: bytes that are stored as they are, and their checksum behind them, always have the same
 * checksum together.
 */
export function storedHead(fd: number, stored: number): Head {
  return readHead(fd, Math.min(HEAD_LENGTH, Math.max(0, stored - TRAILER_BYTES)));
}

/** As if all of it had been unpacked. */
export function packedWhole(fd: number, stored: number, unpacked: number): Packed {
  return { ...packedAt(fd, stored), fed: stored, unpacked, state: "whole" };
}

/** Whether `unpacked` bytes are all of the content, as the file's last bytes claim. */
export function claimsToEnd(fd: number, stored: number, unpacked: number): boolean {
  return unpacked > 0 && claimedSize(fd, stored) === unpacked % 2 ** 32;
}

/** In the unit of the content, where nobody knows more: at least one byte while there may be some. */
export function leftIn({ state, stored, fed }: Packed): number {
  if (state === "damaged") return 0;
  return Math.max(state === "open" ? 1 : 0, stored - fed);
}

/** Of the content of an open file of either form. */
export function contentHead(fd: number, length: number): Head {
  const bytes = firstContent(fd, formOfFile(fd)).subarray(0, length);
  return { length: bytes.length, hash: crc32(bytes) };
}

/** The first bytes of the content, at most HEAD_LENGTH; none where it cannot be told what they are. */
export function firstContent(fd: number, form: Form): Buffer {
  const stored = sample.subarray(0, form === "unknown" ? 0 : readSync(fd, sample, 0, sample.length, 0));
  return (form === "gzip" ? unpack(stored) : stored).subarray(0, HEAD_LENGTH);
}

function unpack(stored: Buffer): Buffer {
  if (formOf(stored) !== "gzip") return stored;
  try {
    return gunzipSync(stored, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Damaged so early that nothing is known of its content.
    return Buffer.alloc(0);
  }
}
