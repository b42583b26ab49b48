// Mounts a real file system of a few MiB for one test. Another program's file can fill it, and can be removed again.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomFillSync } from "node:crypto";

export type SmallDiskKind = "tmpfs" | "ext4";

export class SmallDisk {
  readonly path: string;

  private readonly source: readonly string[];

  /** @param source arguments of mount(8) before the mount point */
  private constructor(path: string, source: readonly string[]) {
    this.path = path;
    this.source = source;
  }

  /** Undefined if nothing can be mounted here. @param path the mount point; created */
  static mount(kind: SmallDiskKind, mib: number, path: string): SmallDisk | undefined {
    mkdirSync(path, { recursive: true });
    const image = `${path}.img`;
    if (kind === "ext4" && !(run("truncate", "-s", `${mib}M`, image) && run("mkfs.ext4", "-q", "-m", "0", image)))
      return undefined;
    const source = kind === "tmpfs" ? ["-t", "tmpfs", "-o", `size=${mib}m,mode=0700`, "none"] : ["-o", "loop", image];
    const disk = new SmallDisk(path, source);
    return disk.mount() ? disk : undefined;
  }

  /** Mounts it again after `unmount`: the same file system with its files, but for tmpfs, which is a new and empty one. */
  mount(): boolean {
    return run("mount", ...this.source, this.path);
  }

  /** Takes the file system away below programs that use it, as `umount --lazy` does. */
  unmount(): void {
    run("umount", "--lazy", this.path);
  }

  /** Available bytes. */
  get free(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Fills the disk with another program's file. @param leave bytes left free */
  fill(leave = 0): void {
    const fd = openSync(join(this.path, "somebody-else"), "a");
    const piece = randomFillSync(Buffer.alloc(1 << 16));
    try {
      while (this.free > leave) {
        const size = Math.min(piece.length, this.free - leave);
        if (writeSync(fd, piece, 0, size) === 0) return;
      }
    } catch {
      // The disk is full.
    } finally {
      closeSync(fd);
    }
  }

  /** Removes the other program's file. */
  clear(): void {
    rmSync(join(this.path, "somebody-else"), { force: true });
  }

  remount(how: "ro" | "rw"): void {
    run("mount", "-o", `remount,${how}`, this.path);
  }

  [Symbol.dispose](): void {
    this.unmount();
  }
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
