// Facts about the file system below a file: whether it is local, whether it is unmounted now, and whether it is an overlay,
// where birth times change.
import { dirname } from "node:path";
import { systemPath } from "../../core/file-name.ts";
import { fileSystemType } from "./mounts/system-calls.ts";
import { isSystemError, statOf } from "./paths.ts";

/** OVERLAYFS_SUPER_MAGIC */
const OVERLAY = 0x794c7630;
/** ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53,
  0x58465342,
  0x9123683e,
  0x01021994,
  OVERLAY,
  0xf2f52010,
  0x2fc12fc1,
]);
/** Cache of `isLocal`, by device number. */
const local = new Map<number, boolean>();
const MOST_KNOWN = 1000;

/**
 * Whether the file system is local: what has just been written is in memory, and reading it asks no server, which may not
 * answer.
 */
export function isLocal(path: string, device: number): boolean {
  let known = local.get(device);
  if (known === undefined) {
    known = LOCAL.has(fileSystemType(systemPath(path)));
    if (local.size >= MOST_KNOWN) local.clear();
    local.set(device, known);
  }
  return known;
}

/** The device of the file system that a directory is on. Undefined: the directory does not exist, or cannot be looked at. */
export function deviceOf(directory: string): number | undefined {
  try {
    const dev = statOf(directory)?.dev;
    return dev === undefined ? undefined : Number(dev);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/**
 * Whether the path's directory is on another file system than the file that was there. Then the file's own file system is not
 * mounted now, or something is mounted over it.
 * @param device the file's @param own device of the directory
 */
export function isUnmounted(path: string, device: number, own = deviceOf(dirname(path))): boolean {
  if (own === undefined || own === device) return false;
  try {
    // On an overlay, a file and its directory may have different device numbers at any time.
    return !isOnOverlay(dirname(path));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

/** overlayfs copies a file into its upper layer at the first write: device and inode stay, the birth time is the copy's. */
export function isOnOverlay(path: string): boolean {
  return fileSystemType(systemPath(path)) === OVERLAY;
}
