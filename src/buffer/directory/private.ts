// Keeps the state private, since it contains log lines. The state directory has mode 0700 and its files 0600, whatever the umask
// is. This also holds where `buffer.path` is a directory that belongs to another user.
import {
  type Stats,
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, SpillwayError, hasCode } from "../../core/errors.ts";

/** Subdirectory for the state in another user's directory, for example a Kubernetes volume: it belongs to root, mode 0777. */
const FOLDER = "state";
const WRITABLE_BY_OTHERS = 0o022;

/**
 * The directory that has, or will have, the state of this `buffer.path`: the path itself, or FOLDER in it if the path is not for
 * the state alone. Throws a SpillwayError if that folder belongs to another user.
 */
export function stateFolder(path: string): string {
  const folder = join(path, FOLDER);
  if (hasState(path)) return path;
  if (hasState(folder)) return folder;
  const stats = look(path, "follow");
  const user = process.geteuid?.();
  if (stats === undefined) return path;
  // Where others may write, they may have put links under the names of our files. Root may use the service user's directory, for
  // example to import another agent's state.
  const isSafe = (stats.uid === user || user === 0) && (stats.mode & WRITABLE_BY_OTHERS) === 0;
  if (isSafe && isOurs(path)) return path;
  const there = look(folder, "as it is");
  if (there && (!there.isDirectory() || there.uid !== user)) throw taken(folder);
  return folder;
}

/** Whether the directory has a state database. One that another user could have put there does not count. */
function hasState(directory: string): boolean {
  const [around, state] = [look(directory, "follow"), look(join(directory, "state.db"), "as it is")];
  if (!around || !state) return false;
  return state.uid === process.geteuid?.() || (around.mode & WRITABLE_BY_OTHERS) === 0;
}

/**
 * False for a directory with files of others, such as /var/lib: they would become unreachable for everybody else, because the
 * state directory gets mode 0700. Also true for what cannot be read: opening it later reports that.
 */
function isOurs(directory: string): boolean {
  try {
    // A file system of its own has `lost+found`, which only root may enter.
    const names = readdirSync(directory).filter((name) => name !== "lost+found");
    return names.length === 0 || names.includes("lock.db");
  } catch {
    return true;
  }
}

/** Undefined on any error: opening the path later reports it. */
function look(path: string, how: "follow" | "as it is"): Stats | undefined {
  try {
    return how === "follow" ? statSync(path) : lstatSync(path);
  } catch {
    return undefined;
  }
}

function taken(folder: string): SpillwayError {
  return new SpillwayError("state-unusable", `cannot use the state directory ${folder}: it belongs to another user`, {
    hint: "remove it, or set another `buffer.path`",
    exit: EXIT.config,
  });
}

/**
 * Creates the directory and missing parents. Not by mkdir's own `recursive`: where the parent exists and the kernel still answers
 * ENOENT, as for /proc/x, it tries for ever (Node 26.10). Throws the system's error.
 */
export function makePrivateDirectory(directory: string): void {
  const make = (): unknown => mkdirSync(directory, { mode: 0o700 });
  const parent = dirname(directory);
  try {
    make();
  } catch (error) {
    if (hasCode(error, "EEXIST") && statSync(directory).isDirectory()) return;
    if (!hasCode(error, "ENOENT") || parent === directory || existsSync(parent)) throw error;
    makePrivateDirectory(parent);
    make();
  }
}

/**
 * Creates the file if it is missing; if root does, for the owner of the directory, who runs the agent. SQLite gives its WAL the
 * same mode and owner. Never throws: opening the file later reports why.
 */
export function makePrivate(path: string): void {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    // Do not open an existing file: closing it would release the POSIX locks that this process has on it.
    if (stats === undefined) create(path);
    if (stats === undefined || (stats.isFile() && (stats.mode & 0o777) !== 0o600)) chmodSync(path, 0o600);
  } catch {
    // Read-only, full, or another user's.
  }
}

function create(path: string): void {
  const fd = openSync(path, "ax", 0o600);
  try {
    const { uid, gid } = statSync(dirname(path));
    if (process.geteuid?.() === 0) fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}

/**
 * Gives files that root has created to the owner of the state directory, so that the agent can write them.
 * @param directory the state directory @param folder a folder in it, or the directory itself
 */
export function handOver(directory: string, folder = directory): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))]) lchownSync(path, uid, gid);
}
