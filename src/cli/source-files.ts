// Where the files of sources are now: found by inode and birth time under whatever name, and believed when their content
// still is what was read. Only reads.
import { closeSync, openSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import type { KnownSource } from "../core/source.ts";
import { continues } from "../inputs/file/continues.ts";
import { claimedSize, formOfFile } from "../inputs/file/gzip/gzip-member.ts";
import { type Found, Listing } from "../inputs/file/listing.ts";

export type FileNow =
  | { readonly state: "there"; readonly path: string; readonly size: number; readonly lag: number }
  /** gone: nowhere near its path; replaced: truncated, or another file took its inode. */
  | { readonly state: "gone" | "replaced" | "unreadable" };

export interface SourceFile {
  readonly source: KnownSource;
  readonly now: FileNow;
}

export async function findSources(sources: readonly KnownSource[], clock: Clock): Promise<readonly SourceFile[]> {
  const listing = new Listing(clock);
  const files: SourceFile[] = [];
  for (const source of sources) {
    const search = await listing.find(source.identity.path, source.identity);
    const lost = { state: search.kind === "unreadable" ? "unreadable" : "gone" } as const;
    files.push({ source, now: search.kind === "found" ? look(search.file, source) : lost });
  }
  return files;
}

function look({ path, stats }: Found, source: KnownSource): FileNow {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return { state: "unreadable" };
  }
  try {
    if (!continues(fd, source.identity, source.checkpoint, source.mark)) return { state: "replaced" };
    const stored = Number(stats.size);
    // Of compressed content nobody knows more without unpacking it.
    const size = formOfFile(fd) === "gzip" ? Math.max(source.checkpoint, claimedSize(fd, stored)) : stored;
    return { state: "there", path, size, lag: Math.max(0, size - source.checkpoint) };
  } finally {
    closeSync(fd);
  }
}
