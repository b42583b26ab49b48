// The first bytes of files, and the sums that other agents take of them to recognise a file.
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { formOf } from "../../inputs/file/gzip/gzip-member.ts";
import { firstContent } from "../../inputs/file/gzip/packed.ts";
import { Crc64 } from "./crc64.ts";

/** Bytes of a file that Vector's fingerprint may cover, by default: of the sources file and kubernetes_logs. */
const LINE_LIMITS = [102_400, 32_768];
const MOST_LINES = 16;
/** Enough for that many lines nearly always. */
const USUAL_LINES = 16_384;
/** Filebeat allows a fingerprint.length from 64 on. */
const LEAST_HASHED = 64;

/** For all that is read here: 5,000 buffers of their own cost half a second of collections. */
let scratch = Buffer.alloc(USUAL_LINES);

/**
 * Of a gzip file those of its content, and no more than the agent takes for its head; agents that read such files have
 * fingerprints of their contents. Empty where it cannot be read. O_NONBLOCK: a name may be a FIFO's.
 * @returns a view that holds until the next call
 */
export function readBeginning(path: string, length: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
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

/** bytes: the sum is of them. hex: of their hexadecimal text, which newer Filebeats take of files that are short yet. */
export interface Hashed {
  readonly length: number;
  readonly of: "bytes" | "hex";
}

/** How many first bytes have this SHA-256; undefined where no number up to `most` has. Takes 3 us for each number. */
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

/** Undefined where the file is shorter. */
export function hashOf(path: string, { length, of }: Hashed): string | undefined {
  const bytes = readBeginning(path, length);
  if (bytes.length < length) return undefined;
  return createHash("sha256")
    .update(of === "bytes" ? bytes : bytes.toString("hex"))
    .digest("hex");
}

/** CRC-64 of the first line, the first two ...; and of as much as a fingerprint may cover where they are longer. */
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
