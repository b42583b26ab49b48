// Reads the bytes of a damaged row again from its log file, if that is still the same file. Works only for chunks that hold
// exactly the bytes of their span: for others, a reader would have to rebuild the records.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { HEAD, type Head } from "./heads.ts";
import { countRecords } from "./lines.ts";

/** Columns of table `sources`. */
export interface RereadSource {
  readonly path: string;
  readonly inode: string;
  readonly birth_ns: string;
  readonly head_length: number;
  readonly head_hash: number;
}

/** The bytes; undefined: the file does not have them any more, or that cannot be verified. Never throws. */
export function reread(source: RereadSource | undefined, head: Head): Uint8Array | undefined {
  const [start, end, records, length, table, actions] = [
    HEAD.start,
    HEAD.end,
    HEAD.records,
    HEAD.length,
    HEAD.tableLength,
    HEAD.actionsLength,
  ].map((column) => head[column]) as [number, number, number, number, number, number];
  const whole = length > 0 && length === end - start && table === 0 && actions === 0;
  if (!whole || source === undefined) return undefined;
  const bytes = readRange(source, start, length);
  return bytes && countRecords(bytes) === records ? bytes : undefined;
}

/** Bytes of the file of a source, if it is still the same file and has them. Never throws. */
export function readRange(source: RereadSource, start: number, length: number): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(source.path, "r");
    return source.head_length > 0 && isSame(fd, source) ? readAt(fd, start, length) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isSame(fd: number, source: RereadSource): boolean {
  const stats = fstatSync(fd, { bigint: true });
  if (!stats.isFile() || String(stats.ino) !== source.inode || String(stats.birthtimeNs) !== source.birth_ns)
    return false;
  const head = readAt(fd, 0, source.head_length);
  return head !== undefined && crc32(head) === source.head_hash;
}

function readAt(fd: number, start: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  return readSync(fd, bytes, 0, length, start) === length ? bytes : undefined;
}
