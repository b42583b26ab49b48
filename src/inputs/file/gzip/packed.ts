// The state of a gzip file, apart from the stream that unpacks it: a file may be read for longer than a stream can be kept.
//
// Offsets, fingerprints and checksums refer to the unpacked content, as for a plain file. Bytes of the file itself are called
// stored.
import { constants, crc32, gunzipSync } from "node:zlib";
import { claimedSize, type Form, formOf, TRAILER_BYTES } from "./gzip-member.ts";
import { type Fingerprint, FINGERPRINT_LENGTH, fingerprintOf } from "../identity/fingerprint.ts";
import { readSync } from "../mounts/system-calls.ts";

export interface Packed {
  /** Of the stored bytes: when it changes, the file was rewritten. */
  fingerprint: Fingerprint;
  stored: number;
  /** Stored bytes that were unpacked, and bytes of content they gave. */
  fed: number;
  unpacked: number;
  /** open: there may be more. Otherwise why the stored bytes unpacked so far give no more (gunzip.ts). */
  state: "open" | "cut" | "whole" | "damaged";
  /** awaited: the file waits for a stream, since the allowed number of streams is in use. */
  stream: "allowed" | "awaited";
}

/**
 * Stored bytes that hold the first FINGERPRINT_LENGTH of the content: deflate never makes data longer by more than a few bytes.
 */
const SAMPLE_BYTES = 2 * FINGERPRINT_LENGTH;

const sample = Buffer.alloc(SAMPLE_BYTES);

/** The state of a file of which nothing is unpacked. */
export function packedAt(fd: number, stored: number): Packed {
  return { fingerprint: storedFingerprint(fd, stored), stored, fed: 0, unpacked: 0, state: "open", stream: "allowed" };
}

/**
 * Leaves out what may be the trailer: uncompressed bytes and their checksum behind them always have the same checksum together.
 */
export function storedFingerprint(fd: number, stored: number): Fingerprint {
  return fingerprintOf(fd, Math.min(FINGERPRINT_LENGTH, Math.max(0, stored - TRAILER_BYTES)));
}

/** The state of a file as if all of it had been unpacked. */
export function packedWhole(fd: number, stored: number, unpacked: number): Packed {
  return { ...packedAt(fd, stored), fed: stored, unpacked, state: "whole" };
}

/** Whether the content has just `unpacked` bytes, as the file's last bytes claim. */
export function claimsToEnd(fd: number, stored: number, unpacked: number): boolean {
  return unpacked > 0 && claimedSize(fd, stored) === unpacked % 2 ** 32;
}

/** An estimate of the content bytes left: the stored bytes left, and at least one while there may be more. */
export function leftIn({ state, stored, fed }: Packed): number {
  if (state === "damaged") return 0;
  return Math.max(state === "open" ? 1 : 0, stored - fed);
}

/** The fingerprint of an open file's content, compressed or not, and the file's form. */
export function contentFingerprint(fd: number, length: number): Fingerprint & { readonly form: Form } {
  const stored = firstStored(fd);
  const form = formOf(stored);
  const bytes = contentOf(stored, form).subarray(0, length);
  return { length: bytes.length, hash: crc32(bytes), form };
}

/** The first bytes of the content, at most FINGERPRINT_LENGTH; none if the content is unknown. */
export function firstContent(fd: number, form: Form): Buffer {
  return contentOf(firstStored(fd), form);
}

function firstStored(fd: number): Buffer {
  return sample.subarray(0, readSync(fd, sample, 0, sample.length, 0));
}

function contentOf(stored: Buffer, form: Form): Buffer {
  if (form === "unknown") return stored.subarray(0, 0);
  return (form === "gzip" ? unpack(stored) : stored).subarray(0, FINGERPRINT_LENGTH);
}

function unpack(stored: Buffer): Buffer {
  if (formOf(stored) !== "gzip") return stored;
  try {
    return gunzipSync(stored, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Damaged so early that none of its content is known.
    return Buffer.alloc(0);
  }
}
