// How a file is recognised: by inode and birth time as long as a process lives, and by the content of its head and of the
// bytes before an offset across restarts. ext4 hands the inode of a removed file to the next one created (50 of 50
// times), so an inode alone never says anything.
import { readSync, type BigIntStats } from "node:fs";
import { crc32 } from "node:zlib";
import type { Mark } from "../../core/source.ts";
import { MARK_LENGTH, NO_MARK } from "../../core/source.ts";

/**
 * Bytes of the head that are fingerprinted; of a shorter file those before the position. What lies behind the position
 * may still be cut off and written anew, and is read anew then.
 */
export const HEAD_LENGTH = 1024;

export interface Head {
  readonly length: number;
  readonly hash: number;
}
export const NO_HEAD: Head = { length: 0, hash: 0 };

const scratch = Buffer.alloc(HEAD_LENGTH);

/** Which file it is while this process lives, whatever it is called. */
export function liveKey(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

/** The same for the time after a restart, when device numbers may have changed. */
export function lastingKey(facts: { readonly inode: string; readonly birthNs: string }): string {
  return `${facts.inode}:${facts.birthNs}`;
}

/** The same of a live key. */
export function lastingPart(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

export function readHead(fd: number, length: number): Head {
  if (length === 0) return NO_HEAD;
  const read = readSync(fd, scratch, 0, Math.min(length, HEAD_LENGTH), 0);
  return { length: read, hash: crc32(scratch.subarray(0, read)) };
}

/** Lines of one length that end alike have the same mark at the same offset; their heads tell them apart. */
export function hasHead(fd: number, head: Head): boolean {
  return readHead(fd, head.length).hash === head.hash;
}

/** Continues a head with bytes that were read from `at` on. */
export function growHead(head: Head, bytes: Buffer, at: number): Head {
  const from = head.length - at;
  if (head.length >= HEAD_LENGTH || from < 0 || from >= bytes.length) return head;
  const more = bytes.subarray(from, HEAD_LENGTH - at);
  return { length: head.length + more.length, hash: crc32(more, head.hash) };
}

export function markBefore(fd: number, offset: number): Mark {
  const length = Math.min(offset, MARK_LENGTH);
  if (length === 0) return NO_MARK;
  const read = readSync(fd, scratch, 0, length, offset - length);
  return { length: read, hash: crc32(scratch.subarray(0, read)) };
}

/** Of the bytes before `bytes[end]`, where `before` are the ones before `bytes[0]`. */
export function markWithin(before: Buffer, bytes: Buffer, end: number): Mark {
  const within = bytes.subarray(Math.max(0, end - MARK_LENGTH), end);
  if (within.length === MARK_LENGTH || before.length === 0) return { length: within.length, hash: crc32(within) };
  const rest = before.subarray(Math.max(0, before.length - (MARK_LENGTH - within.length)));
  return { length: rest.length + within.length, hash: crc32(within, crc32(rest)) };
}

export function sameMark(a: Mark, b: Mark): boolean {
  return a.length === b.length && a.hash === b.hash;
}
