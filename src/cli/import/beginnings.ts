// Reads the first bytes of files, and computes the fingerprints by which other agents identify files.
import { createHash } from "node:crypto";
import { closeSync, readSync } from "node:fs";
import { formOf } from "../../inputs/file/gzip/gzip-member.ts";
import { firstContent } from "../../inputs/file/gzip/packed.ts";
import { openPath, realPathOf } from "../../inputs/file/paths.ts";
import { Crc64 } from "./crc64.ts";

/** Most bytes that Vector's fingerprint covers by default, in the sources file and kubernetes_logs. */
const LINE_LIMITS = [102_400, 32_768];
const MOST_LINES = 16;
/** Nearly always enough for MOST_LINES lines. */
const USUAL_LINES = 16_384;
/** Smallest fingerprint.length that Filebeat allows. */
const LEAST_HASHED = 64;

/** Shared read buffer: 5,000 separate buffers cost half a second of garbage collection. */
let scratch = Buffer.alloc(USUAL_LINES);

/**
 * Reads the first bytes of a file. Of a gzip file it reads the first bytes of the uncompressed content, at most as many as
 * spillway's own fingerprint covers, because agents that read gzip files fingerprint their content. Empty if the file cannot
 * be read. The file is opened with O_NONBLOCK, because it may be a FIFO.
 * @returns a view that is valid until the next call
 */
export function readBeginning(path: string, length: number): Buffer {
  let fd: number;
  try {
    fd = openPath(realPathOf(path) ?? path);
  } catch {
    return Buffer.alloc(0);
  }
  try {
    if (scratch.length < length) scratch = Buffer.alloc(length);
    const bytes = scratch.subarray(0, readSync(fd, scratch, 0, length, 0));
    return formOf(bytes) === "gzip" ? firstContent(fd, "gzip").subarray(0, length) : bytes;
  } catch {
    return Buffer.alloc(0);
  } finally {
    closeSync(fd);
  }
}

/** bytes: the hash of the bytes. hex: the hash of their hexadecimal text, which newer Filebeats use for files still short. */
export interface Hashed {
  readonly length: number;
  readonly of: "bytes" | "hex";
}

/** Finds the prefix length that has this SHA-256; undefined if none up to `most` has. Takes 3 us per length. */
export function hashedAs(path: string, hash: string, most: number): Hashed | undefined {
  const [ofBytes, ofHex] = [createHash("sha256"), createHash("sha256")];
  const bytes = readBeginning(path, most);
  for (let length = 1; length <= bytes.length; length++) {
    const byte = bytes.subarray(length - 1, length);
    ofBytes.update(byte);
    ofHex.update(byte.toString("hex"));
    if (length >= LEAST_HASHED && ofBytes.copy().digest("hex") === hash) return { length, of: "bytes" };
    if (ofHex.copy().digest("hex") === hash) return { length, of: "hex" };
  }
  return undefined;
}

/** Undefined if the file is shorter than `length`. */
export function hashOf(path: string, { length, of }: Hashed): string | undefined {
  const bytes = readBeginning(path, length);
  if (bytes.length < length) return undefined;
  return createHash("sha256")
    .update(of === "bytes" ? bytes : bytes.toString("hex"))
    .digest("hex");
}

/** CRC-64s of the first line, the first two lines and so on; if the lines are long, also of the most a fingerprint covers. */
export function lineSums(path: string, skipped: number): readonly bigint[] {
  let bytes = readBeginning(path, skipped + USUAL_LINES).subarray(skipped);
  let ends = lineEnds(bytes);
  if (ends.length < MOST_LINES && bytes.length === USUAL_LINES) {
    const most = Math.max(...LINE_LIMITS);
    bytes = readBeginning(path, skipped + most).subarray(skipped);
    const covered = LINE_LIMITS.filter((limit) => limit <= bytes.length);
    ends = [...lineEnds(bytes), ...covered].sort((a, b) => a - b);
  }
  const crc = new Crc64();
  return ends.map((end, i) => crc.add(bytes.subarray(ends[i - 1] ?? 0, end)).value);
}

function lineEnds(bytes: Buffer): readonly number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0 && ends.length < MOST_LINES; at = bytes.indexOf(10, at + 1))
    ends.push(at + 1);
  return ends;
}
