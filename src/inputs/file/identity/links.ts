// Which symbolic links are followed. In a directory that others may write, a link can lead anywhere: to a file that only the
// agent may read, whose content would then be shipped. There a link is followed only if its owner also owns the target, or is
// root or the agent's user. Every component of a path is checked.
//
// Between the check and the open, a component may be replaced. So the opened file is compared with the checked one: by device,
// inode and birth time, and by the path that the kernel reports for the descriptor.
import { dirname, join, resolve, sep } from "node:path";
import { hasCode } from "../../../core/errors.ts";
import { systemPath } from "../../../core/file-name.ts";
import { fileKey } from "./fingerprint.ts";
import { closeSync, fstatExact, lstat } from "../mounts/system-calls.ts";
import type { Shared } from "../shared.ts";
import { linkTextOf, openPath, realPathOf, statOf } from "../paths.ts";

export type Followed =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly link: string; readonly owner: number; readonly directory: string };

export interface Opened {
  /** The real path. */
  readonly real: string;
  readonly fd: number;
}

/** The kernel's own limit. */
const MOST_LINKS = 40;

/** Follows paths. A refused path is logged and counted once, until it is no longer refused. */
export class Links {
  private readonly refused = new Set<string>();
  private readonly shared: Pick<Shared, "reports" | "counts">;

  constructor(shared: Pick<Shared, "reports" | "counts">) {
    this.shared = shared;
  }

  /**
   * Opens the file that a path leads to. Undefined: the path leads to another file by now. "nowhere": it leads nowhere, or a link
   * on the way is refused.
   * @param key of the file that was seen (fingerprint.ts)
   */
  open(path: string, key: string): Opened | undefined | "nowhere" {
    const fd = openDirect(path, key);
    if (fd !== undefined) {
      this.refused.delete(path);
      return { real: path, fd };
    }
    const real = this.follow(path);
    if (real === undefined) return "nowhere";
    const judged = openJudged(real, key);
    return judged === undefined ? undefined : { real, fd: judged };
  }

  private follow(path: string): string | undefined {
    const { reports, counts } = this.shared;
    const followed = follow(path);
    if (followed.kind !== "refused") {
      this.refused.delete(path);
      return followed.kind === "file" ? followed.path : undefined;
    }
    if (this.refused.has(path)) return undefined;
    this.refused.add(path);
    counts.refusedLinks++;
    const { link, owner, directory } = followed;
    const message =
      `${path} is not read: ${link} is a symbolic link of user ${owner} in ${directory}, where others may write, and leads to ` +
      "what is not theirs.";
    reports.warn("link_refused", message, { path, link, owner });
    return undefined;
  }
}

/** The path's target, if every link on the way may be followed. */
export function follow(path: string): Followed {
  const real = realPathOf(path);
  if (real === undefined) return { kind: "absent" };
  if (real === path) return { kind: "file", path };
  let at: string = sep;
  const rest = path.split(sep).filter(Boolean);
  for (let links = 0; rest.length > 0;) {
    const next = join(at, rest.shift() as string);
    const stats = lstat(systemPath(next));
    if (stats === undefined || links > MOST_LINKS) return { kind: "absent" };
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (!isTrusted(next, stats.uid)) return { kind: "refused", link: next, owner: stats.uid, directory: at };
    links++;
    const target = resolve(at, linkTextOf(next));
    rest.unshift(...target.split(sep).filter(Boolean));
    at = sep;
  }
  return { kind: "file", path: at };
}

function isTrusted(link: string, owner: number): boolean {
  const agent = process.geteuid?.() ?? 0;
  if (owner === 0 || owner === agent) return true;
  const directory = statOf(dirname(link));
  if (directory === undefined) return false;
  const ours = directory.uid === 0n || directory.uid === BigInt(agent);
  if (ours && (directory.mode & 0o022n) === 0n) return true;
  return statOf(link)?.uid === BigInt(owner);
}

/**
 * Opens a file whose path has no link, as nearly all. The kernel's path of the descriptor shows that, which takes half as long as
 * to resolve the path first. Undefined: there is a link, or the path leads to another file by now.
 */
function openDirect(path: string, key: string): number | undefined {
  try {
    return openJudged(path, key, "exact");
  } catch (error) {
    if (hasCode(error, "ELOOP")) return undefined;
    throw error;
  }
}

/**
 * Opens a checked file. Undefined: the path leads to another file by now, or to another place.
 * @param path as `follow` returned it
 * @param key of the checked file (fingerprint.ts)
 * @param place exact: the kernel must report the path, so that no link is on the way
 */
export function openJudged(
  path: string,
  key: string,
  place: "exact" | "unless unknown" = "unless unknown",
): number | undefined {
  const fd = openPath(path);
  try {
    const unknown = place === "exact" ? undefined : path;
    if (fileKey(fstatExact(fd)) === key && (placeOf(fd) ?? unknown) === path) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

/** The path that the kernel reports for a descriptor. Undefined without /proc. */
function placeOf(fd: number): string | undefined {
  try {
    return linkTextOf(`/proc/self/fd/${fd}`);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
