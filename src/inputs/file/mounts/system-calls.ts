// System calls on log files, named as in node:fs. For a local file system the call is made at once. For a network mount a
// worker thread makes it (caller.ts), so that a server that is down blocks nothing else.
import fs, { type BigIntStats, type Stats } from "node:fs";
import { readdir as readdirLocal } from "node:fs/promises";
import { promisify } from "node:util";
import { Caller } from "./caller.ts";
import type { Entry, Path } from "./calls.ts";
import { networkMountOf, type NetworkMount } from "./mount-table.ts";

/** The part of `Dirent` that callers of `readdir` use. */
export interface DirectoryEntry {
  name: string;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** Two threads for each mount: `now` for blocking calls, `later` for long reads, which must not delay the blocking calls. */
interface Callers {
  readonly now: Caller;
  readonly later: Caller;
}

const byMount = new Map<string, Callers>();
/** Open files on network mounts. */
const byDescriptor = new Map<number, Callers>();

const readvLocal = promisify(fs.readv);
const readLocal = promisify(fs.read);

function callersFor(path: Path): Callers | undefined {
  const mount = networkMountOf(path);
  return mount === undefined ? undefined : callersOf(mount);
}

function callersOf(mount: NetworkMount): Callers {
  const key = `${mount.dev} ${mount.point}`;
  let callers = byMount.get(key);
  if (callers === undefined) byMount.set(key, (callers = { now: new Caller(mount), later: new Caller(mount) }));
  return callers;
}

function callersOfOpen(fd: number): Callers | undefined {
  return byDescriptor.size === 0 ? undefined : byDescriptor.get(fd);
}

export function stat(path: Path): Stats | undefined {
  const callers = callersFor(path);
  if (callers === undefined) return fs.statSync(path, { throwIfNoEntry: false });
  return asStats(callers.now.call("stat", path));
}

export function statExact(path: Path): BigIntStats | undefined {
  const callers = callersFor(path);
  if (callers === undefined) return fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return asExactStats(callers.now.call("statExact", path));
}

export function lstat(path: Path): Stats | undefined {
  const callers = callersFor(path);
  if (callers === undefined) return fs.lstatSync(path, { throwIfNoEntry: false });
  return asStats(callers.now.call("lstat", path));
}

/** The file system's magic number, such as FUSE_SUPER_MAGIC. */
export function fileSystemType(path: Path): number {
  return callersFor(path)?.now.call("statfs", path) ?? fs.statfsSync(path).type;
}

export function realpath(path: Path): string {
  const callers = callersFor(path);
  return callers === undefined
    ? fs.realpathSync.native(path)
    : Buffer.from(callers.now.call("realpath", path)).toString();
}

export function realpathBytes(path: Path): Buffer {
  const callers = callersFor(path);
  return callers === undefined
    ? fs.realpathSync.native(path, { encoding: "buffer" })
    : Buffer.from(callers.now.call("realpath", path));
}

export function readlink(path: Path): Buffer {
  const callers = callersFor(path);
  return callers === undefined
    ? fs.readlinkSync(path, { encoding: "buffer" })
    : Buffer.from(callers.now.call("readlink", path));
}

export async function readdir(path: Path): Promise<DirectoryEntry[]> {
  const callers = callersFor(path);
  if (callers === undefined) return readdirLocal(path, { withFileTypes: true });
  return (await callers.later.callLater("readdir", path)).map((entry) =>
    asEntry(entry, Buffer.from(entry.name).toString()),
  );
}

/** Like `readdir`, with names as bytes in `bytes`; `name` is empty. */
export async function readdirBytes(path: Path): Promise<(DirectoryEntry & { bytes: Buffer })[]> {
  const callers = callersFor(path);
  if (callers !== undefined) {
    const entries = await callers.later.callLater("readdir", path);
    return entries.map((entry) => Object.assign(asEntry(entry, ""), { bytes: Buffer.from(entry.name) }));
  }
  const entries = await readdirLocal(path, { withFileTypes: true, encoding: "buffer" });
  return entries.map((entry) => Object.assign(entry as unknown as DirectoryEntry, { bytes: entry.name, name: "" }));
}

export function openSync(path: Path, flags: number): number {
  const callers = callersFor(path);
  if (callers === undefined) return fs.openSync(path, flags);
  const fd = callers.now.call("open", path, flags);
  byDescriptor.set(fd, callers);
  return fd;
}

export function closeSync(fd: number): void {
  const callers = callersOfOpen(fd);
  if (callers === undefined) return fs.closeSync(fd);
  byDescriptor.delete(fd);
  callers.now.close(fd);
}

export function fstatSync(fd: number): Stats {
  const callers = callersOfOpen(fd);
  return callers === undefined ? fs.fstatSync(fd) : (asStats(callers.now.call("fstat", fd)) as Stats);
}

export function fstatExact(fd: number): BigIntStats {
  const callers = callersOfOpen(fd);
  return callers === undefined
    ? fs.fstatSync(fd, { bigint: true })
    : (asExactStats(callers.now.call("fstatExact", fd)) as BigIntStats);
}

/** @returns bytes read */
export function readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number {
  const callers = callersOfOpen(fd);
  if (callers === undefined) return fs.readSync(fd, into, offset, length, position);
  const { bytesRead, bytes } = callers.now.call("read", fd, length, position);
  into.set(bytes.subarray(0, bytesRead), offset);
  return bytesRead;
}

/** The same without blocking. */
export async function read(fd: number, into: Buffer, position: number): Promise<number> {
  const callers = callersOfOpen(fd);
  if (callers === undefined) return (await readLocal(fd, into, 0, into.length, position)).bytesRead;
  const { bytesRead, bytes } = await callers.later.callLater("read", fd, into.length, position);
  into.set(bytes.subarray(0, bytesRead));
  return bytesRead;
}

/** For bytes that are in memory: no server is asked. */
export function readvSync(fd: number, into: readonly Buffer[], position: number): number {
  return fs.readvSync(fd, into, position);
}

export async function readv(fd: number, into: readonly [Buffer, Buffer], position: number): Promise<number> {
  const callers = callersOfOpen(fd);
  if (callers === undefined) return (await readvLocal(fd, into, position)).bytesRead;
  const [first, second] = into;
  const { bytesRead, bytes } = await callers.later.callLater("read", fd, first.length + second.length, position);
  first.set(bytes.subarray(0, Math.min(bytesRead, first.length)));
  if (bytesRead > first.length) second.set(bytes.subarray(first.length, bytesRead));
  return bytesRead;
}

/** Restores the methods that an object loses when it is posted between threads. */
function asStats(sent: Stats | undefined): Stats | undefined {
  return sent && (Object.setPrototypeOf(sent, Object.getPrototypeOf(fs.statSync("/")) as object) as Stats);
}

function asExactStats(sent: BigIntStats | undefined): BigIntStats | undefined {
  return (
    sent &&
    (Object.setPrototypeOf(sent, Object.getPrototypeOf(fs.statSync("/", { bigint: true })) as object) as BigIntStats)
  );
}

function asEntry({ kind }: Entry, name: string): DirectoryEntry {
  return {
    name,
    isDirectory: () => kind === "directory",
    isFile: () => kind === "file",
    isSymbolicLink: () => kind === "link",
  };
}
