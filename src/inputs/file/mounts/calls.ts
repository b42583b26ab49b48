// The system calls that the worker thread makes (call-worker.ts). Results are data that can be posted between threads.
import fs, { type BigIntStats, type Stats } from "node:fs";

export type Path = string | Buffer;
export type Kind = "directory" | "file" | "link" | "other";

export interface Entry {
  readonly name: Uint8Array;
  readonly kind: Kind;
}

export interface Piece {
  readonly bytesRead: number;
  readonly bytes: Uint8Array;
}

function entries(path: Path): Entry[] {
  return fs.readdirSync(path, { withFileTypes: true, encoding: "buffer" }).map((entry) => ({
    name: entry.name,
    kind: entry.isDirectory() ? "directory" : entry.isFile() ? "file" : entry.isSymbolicLink() ? "link" : "other",
  }));
}

function piece(fd: number, length: number, position: number): Piece {
  const bytes = new Uint8Array(length);
  return { bytesRead: fs.readSync(fd, bytes, 0, length, position), bytes };
}

const plain = { throwIfNoEntry: false } as const;
const exact = { bigint: true, throwIfNoEntry: false } as const;

export const CALLS = {
  stat: (path: Path): Stats | undefined => fs.statSync(path, plain),
  statExact: (path: Path): BigIntStats | undefined => fs.statSync(path, exact),
  lstat: (path: Path): Stats | undefined => fs.lstatSync(path, plain),
  statfs: (path: Path): number => fs.statfsSync(path).type,
  realpath: (path: Path): Uint8Array => fs.realpathSync.native(path, { encoding: "buffer" }),
  readlink: (path: Path): Uint8Array => fs.readlinkSync(path, { encoding: "buffer" }),
  open: (path: Path, flags: number): number => fs.openSync(path, flags),
  fstat: (fd: number): Stats => fs.fstatSync(fd),
  fstatExact: (fd: number): BigIntStats => fs.fstatSync(fd, { bigint: true }),
  read: piece,
  readdir: entries,
  close: (fd: number): void => fs.closeSync(fd),
} as const;

export type Calls = typeof CALLS;
export type CallName = keyof Calls;

export interface Question {
  readonly id: number;
  readonly call: CallName;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly id: number;
  readonly call: CallName;
  readonly result?: unknown;
  /** The system's error. */
  readonly fault?: { readonly message: string; readonly code: string; readonly syscall: string };
}
