// Finds the file that now has the content of a source, under any name, in the directories where the source was seen and one
// level below them. Invariant: a file is accepted only on evidence. Either it has the source's inode, and the fingerprint and
// tail checksum match. Or it is a copy or compressed, and a full fingerprint and the tail checksum match.
import { dirname, join } from "node:path";
import { hasCode } from "../../core/errors.ts";
import type { KnownSource } from "../../core/source.ts";
import { formOfFile } from "../../inputs/file/gzip/gzip-member.ts";
import { unpackedExtent } from "../../inputs/file/gzip/compare.ts";
import { contentFingerprint } from "../../inputs/file/gzip/packed.ts";
import { continuesSource } from "../../inputs/file/identity/candidate.ts";
import { fileKey, FINGERPRINT_LENGTH, inodeKey } from "../../inputs/file/identity/fingerprint.ts";
import { follow, openJudged } from "../../inputs/file/identity/links.ts";
import { closeSync } from "../../inputs/file/mounts/system-calls.ts";
import { entriesOf, isSystemError, statOf } from "../../inputs/file/paths.ts";

export interface Located {
  readonly path: string;
  readonly form: "plain" | "gzip";
  /** The identity of the source in this file, as an input would have recorded it. */
  readonly identity: KnownSource["identity"];
}

interface File {
  readonly path: string;
  readonly real: string;
  readonly key: string;
  readonly inodeKey: string;
  readonly device: string;
}

/** Limit on the subdirectories searched per directory, as rotated files may be in one. */
const MOST_BELOW = 100;

export class Locator {
  private readonly signal = new AbortController().signal;
  /** Files by directory; each directory is listed only once. */
  private readonly listed = new Map<string, readonly File[]>();
  /** Hashes of full fingerprints, by file key. */
  private readonly heads = new Map<string, number | undefined>();

  /** Undefined if no file is known to have the content. */
  async locate(source: KnownSource, paths: readonly string[]): Promise<Located | undefined> {
    const files = await this.filesOf(paths);
    const { identity } = source;
    if (identity.headLength === 0) return undefined;
    const own = files.filter((file) => file.inodeKey === inodeKey(identity));
    const alike =
      identity.headLength < FINGERPRINT_LENGTH ? [] : files.filter((file) => this.headOf(file) === identity.headHash);
    for (const file of [...own, ...alike]) {
      const found = await this.open(file, (fd) => this.judge(fd, file, source));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async judge(fd: number, file: File, source: KnownSource): Promise<Located | undefined> {
    if (!continuesSource(fd, source)) return undefined;
    const form = formOfFile(fd) === "gzip" ? "gzip" : "plain";
    const { checkpoint, mark } = source;
    if (form === "gzip" && mark.length > 0) {
      const place = { position: checkpoint, checksum: mark };
      if ((await unpackedExtent(fd, [place], this.signal)) !== checkpoint) return undefined;
    }
    const head = contentFingerprint(fd, FINGERPRINT_LENGTH);
    const [inode = "", birthNs = ""] = file.inodeKey.split(":");
    const { path, device } = file;
    const identity = { path, device, inode, birthNs, headLength: head.length, headHash: head.hash };
    return { path, form, identity };
  }

  private headOf(file: File): number | undefined {
    if (!this.heads.has(file.key)) {
      const fd = opened(file);
      try {
        const head = fd === undefined ? undefined : contentFingerprint(fd, FINGERPRINT_LENGTH);
        this.heads.set(file.key, head?.length === FINGERPRINT_LENGTH ? head.hash : undefined);
      } finally {
        if (fd !== undefined) closeSync(fd);
      }
    }
    return this.heads.get(file.key);
  }

  private async open<T>(file: File, use: (fd: number) => Promise<T | undefined>): Promise<T | undefined> {
    const fd = opened(file);
    if (fd === undefined) return undefined;
    try {
      return await use(fd);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return undefined;
    } finally {
      closeSync(fd);
    }
  }

  private async filesOf(paths: readonly string[]): Promise<readonly File[]> {
    const files: File[] = [];
    for (const directory of new Set(paths.map((path) => dirname(path)))) {
      if (!this.listed.has(directory)) this.listed.set(directory, await list(directory));
      files.push(...(this.listed.get(directory) as readonly File[]));
    }
    return files;
  }
}

async function list(directory: string, below = true): Promise<readonly File[]> {
  const files: File[] = [];
  const deeper: string[] = [];
  for (const { name } of await entriesOf(directory).catch(() => [])) {
    const path = join(directory, name);
    const stats = lookAt(path);
    if (stats?.isDirectory() && below && deeper.length < MOST_BELOW) deeper.push(path);
    const followed = stats?.isFile() ? follow(path) : undefined;
    if (stats === undefined || followed?.kind !== "file") continue;
    const key = fileKey(stats);
    const own = inodeKey({ inode: String(stats.ino), birthNs: String(stats.birthtimeNs) });
    files.push({ path, real: followed.path, key, inodeKey: own, device: String(stats.dev) });
  }
  for (const path of deeper) files.push(...(await list(path, false)));
  return files;
}

function lookAt(path: string): ReturnType<typeof statOf> {
  try {
    return statOf(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** Undefined if the path leads to another file by now, or the file cannot be read. */
function opened({ real, key }: File): number | undefined {
  try {
    return openJudged(real, key);
  } catch (error) {
    if (!isSystemError(error) || hasCode(error, "EMFILE", "ENFILE")) throw error;
    return undefined;
  }
}
