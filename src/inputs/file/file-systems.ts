// File systems below the files: when "nothing there" means that nobody can look, and when another birth time means nothing.
import { statSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isSystemError } from "./descriptors.ts";

/** OVERLAYFS_SUPER_MAGIC */
const OVERLAY = 0x794c7630;

/**
 * Whether the directory of a path lies on another file system than the file that was there: what held the file is not
 * mounted now, or something is mounted over it.
 */
export function isUnmounted(path: string, device: number): boolean {
  const directory = dirname(path);
  try {
    // On an overlay a file may have another device than its directory at any time.
    return statSync(directory).dev !== device && statfsSync(directory).type !== OVERLAY;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

/**
 * An overlay copies a file into its upper layer when it is first written to: device and inode stay, the birth time is that
 * of the copy.
 */
export function isOnOverlay(path: string): boolean {
  return statfsSync(path).type === OVERLAY;
}
