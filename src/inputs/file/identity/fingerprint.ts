// How the content of a file is recognised: by a fingerprint of its beginning, and by a checksum of the bytes before an offset.
// An inode alone proves nothing: ext4 gives the inode of a removed file to the next file that is created (50 of 50 times).
import type { BigIntStats } from "node:fs";
import { crc32 } from "node:zlib";
import { MARK_LENGTH, type Mark, NO_MARK } from "../../../core/source.ts";
import { readSync } from "../mounts/system-calls.ts";

/**
 * Bytes at the beginning of a file that a fingerprint covers, or those read if fewer. Only a full fingerprint, with the
 * checksum at the offset, tells files with different names apart: shorter beginnings are equal too often.
 */
export const FINGERPRINT_LENGTH = 1024;

export interface Fingerprint {
  readonly length: number;
  readonly hash: number;
}
export const NO_FINGERPRINT: Fingerprint = { length: 0, hash: 0 };

/**
 * Checksum of the bytes before an offset. Files whose lines have one length and end alike share it; their fingerprints differ.
 */
export type TailChecksum = Mark;
export const NO_CHECKSUM = NO_MARK;
const CHECKSUM_LENGTH = MARK_LENGTH;

const scratch = Buffer.alloc(FINGERPRINT_LENGTH);

/** Identifies a file while this process lives, whatever its name. */
export function fileKey(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

/** Identifies a file across restarts, after which devices may have other numbers. */
export function inodeKey(facts: { readonly inode: string; readonly birthNs: string }): string {
  return `${facts.inode}:${facts.birthNs}`;
}

export function fingerprintOf(fd: number, length: number): Fingerprint {
  if (length === 0) return NO_FINGERPRINT;
  const read = readSync(fd, scratch, 0, Math.min(length, FINGERPRINT_LENGTH), 0);
  return { length: read, hash: crc32(scratch.subarray(0, read)) };
}

export function hasFingerprint(fd: number, fingerprint: Fingerprint): boolean {
  return fingerprintOf(fd, fingerprint.length).hash === fingerprint.hash;
}

/** Extends a fingerprint by bytes that were read from `at` on. */
export function extendFingerprint(fingerprint: Fingerprint, bytes: Buffer, at: number): Fingerprint {
  const from = fingerprint.length - at;
  if (fingerprint.length >= FINGERPRINT_LENGTH || from < 0 || from >= bytes.length) return fingerprint;
  const more = bytes.subarray(from, FINGERPRINT_LENGTH - at);
  return { length: fingerprint.length + more.length, hash: crc32(more, fingerprint.hash) };
}

export function checksumBefore(fd: number, offset: number): TailChecksum {
  const length = Math.min(offset, CHECKSUM_LENGTH);
  if (length === 0) return NO_CHECKSUM;
  const read = readSync(fd, scratch, 0, length, offset - length);
  return { length: read, hash: crc32(scratch.subarray(0, read)) };
}

/** The checksum of the bytes before `bytes[end]`. `before` are the bytes before `bytes[0]`. */
export function checksumWithin(before: Buffer, bytes: Buffer, end: number): TailChecksum {
  const within = bytes.subarray(Math.max(0, end - CHECKSUM_LENGTH), end);
  if (within.length === CHECKSUM_LENGTH || before.length === 0) return { length: within.length, hash: crc32(within) };
  const rest = before.subarray(Math.max(0, before.length - (CHECKSUM_LENGTH - within.length)));
  return { length: rest.length + within.length, hash: crc32(within, crc32(rest)) };
}

export function sameChecksum(a: TailChecksum, b: TailChecksum): boolean {
  return a.length === b.length && a.hash === b.hash;
}
