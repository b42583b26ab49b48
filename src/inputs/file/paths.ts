// System calls by path. Paths are text; bytes that are not printable text are escaped as \xHH (core/file-name.ts).
import { type BigIntStats, constants, type Stats } from "node:fs";
import { hasCode } from "../../core/errors.ts";
import { mayLackBytes, nameOfBytes, nameOfText, systemPath } from "../../core/file-name.ts";
import {
  type DirectoryEntry,
  openSync,
  readdir,
  readdirBytes,
  readlink,
  realpath,
  realpathBytes,
  stat,
  statExact,
} from "./mounts/system-calls.ts";

/** Names that need no escape, as most names. */
const PLAIN = /^[ -[\]-~]*$/;

/** True for the error of a failed system call. It is the machine's fault and may pass. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** Undefined if nothing is there, or the link dangles or loops. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statExact(systemPath(path));
  } catch (error) {
    if (hasCode(error, "ELOOP")) return undefined;
    throw error;
  }
}

/** Like `statOf` in a fraction of the time: numbers may be rounded, and a link loop throws. */
export function quickStatOf(path: string): Stats | undefined {
  return stat(systemPath(path));
}

/** Undefined if the path leads nowhere or cannot be resolved. */
export function realPathOf(path: string): string | undefined {
  try {
    const real = realpath(systemPath(path));
    if (PLAIN.test(real)) return real;
    if (!mayLackBytes(real)) return nameOfText(real);
    return nameOfBytes(realpathBytes(systemPath(path)));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

export function linkTextOf(path: string): string {
  return nameOfBytes(readlink(systemPath(path)));
}

/** O_NONBLOCK: the path may have become a FIFO since its stat, and opening a FIFO waits for a writer. */
export function openPath(path: string): number {
  return openSync(systemPath(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
}

export async function entriesOf(directory: string): Promise<DirectoryEntry[]> {
  const entries = await readdir(systemPath(directory));
  if (entries.some(({ name }) => mayLackBytes(name))) return entriesAsBytes(directory);
  for (const entry of entries) if (!PLAIN.test(entry.name)) entry.name = nameOfText(entry.name);
  return entries;
}

async function entriesAsBytes(directory: string): Promise<DirectoryEntry[]> {
  const entries = await readdirBytes(systemPath(directory));
  return entries.map((entry) => Object.assign(entry, { name: nameOfBytes(entry.bytes) }));
}
