// Finds the current files of known sources. A file is found by inode and birth time under any name nearby, and accepted if its
// content still matches what was read. Read-only.
import { closeSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import type { KnownSource } from "../../core/source.ts";
import { continuesSource } from "../../inputs/file/identity/candidate.ts";
import { claimedSize, formOfFile } from "../../inputs/file/gzip/gzip-member.ts";
import { Directories, type Found, unreadableIn } from "../../inputs/file/discovery/directories.ts";
import { openPath, realPathOf } from "../../inputs/file/paths.ts";
import { birthMsOf } from "../../inputs/file/tail/tail.ts";

export type FileNow =
  | { readonly state: "there"; readonly path: string; readonly size: number; readonly lag: number }
  /** gone: not found near its path; replaced: truncated, or the inode now belongs to another file. */
  | { readonly state: "gone" | "replaced" | "unreadable" };

export interface SourceFile {
  readonly source: KnownSource;
  readonly now: FileNow;
}

export async function findSources(sources: readonly KnownSource[], clock: Clock): Promise<readonly SourceFile[]> {
  const directories = new Directories(clock);
  const files: SourceFile[] = [];
  for (const source of sources) {
    const { path, inode, birthNs } = source.identity;
    const listings = await directories.around(path);
    const found = listings.flatMap((listing) => listing.withInode(Number(inode)));
    const file = found.find(({ stats }) => stats.birthtimeMs === birthMsOf(BigInt(birthNs)));
    const lost = { state: unreadableIn(listings, path) === undefined ? "gone" : "unreadable" } as const;
    files.push({ source, now: file === undefined ? lost : look(file, source) });
  }
  return files;
}

function look({ path, stats }: Found, source: KnownSource): FileNow {
  let fd: number;
  try {
    fd = openPath(realPathOf(path) ?? path);
  } catch {
    return { state: "unreadable" };
  }
  try {
    if (!continuesSource(fd, source)) return { state: "replaced" };
    const stored = stats.size;
    // The uncompressed size that a gzip file claims is the best estimate without decompressing it.
    const size = formOfFile(fd) === "gzip" ? Math.max(source.checkpoint, claimedSize(fd, stored)) : stored;
    return { state: "there", path, size, lag: Math.max(0, size - source.checkpoint) };
  } finally {
    closeSync(fd);
  }
}
