// How much memory the kernel lets this process use: the smallest limit of its cgroup and all its parents, in version 2 and
// version 1, which a machine may use side by side. If a container shows only a part of the tree, that part counts.
import { readFileSync } from "node:fs";

/** The text of a file; undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

export const readText: ReadText = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

interface Mount {
  /** The part of the cgroup tree that is mounted, and its mount point. */
  readonly root: string;
  readonly at: string;
}

/** Bytes; undefined: no limit. */
export function memoryLimit(read: ReadText): number | undefined {
  const groups = read("/proc/self/cgroup") ?? "";
  const mounts = (read("/proc/self/mountinfo") ?? "").split("\n");
  const files = [
    ...filesOf(/^0::(.*)$/m.exec(groups)?.[1], mounts.filter(isVersion2), "memory.max"),
    ...filesOf(
      /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1],
      mounts.filter(isVersion1),
      "memory.limit_in_bytes",
    ),
  ];
  const limits = files.map((file) => limitOf(read(file))).filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function isVersion2(line: string): boolean {
  return / - cgroup2 /.test(line);
}

/** The options at the end of the line name the controllers of the hierarchy. */
function isVersion1(line: string): boolean {
  return / - cgroup \S+ (?:\S+,)?memory(?:,|$)/.test(line);
}

/** The limit files of a cgroup and all its parents. */
function filesOf(group: string | undefined, lines: readonly string[], name: string): readonly string[] {
  if (group === undefined) return [];
  return lines.map(mountOf).flatMap((mount) => foldersOf(group, mount).map((folder) => `${folder}/${name}`));
}

/** A mountinfo line is `36 35 0:28 ROOT MOUNTPOINT options - type source options`, with spaces escaped as \040. */
function mountOf(line: string): Mount {
  const [, , , root = "", at = ""] = line.split(" ");
  return { root: unescape(root), at: unescape(at) };
}

function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function foldersOf(group: string, { root, at }: Mount): readonly string[] {
  const names = below(group, root).split("/").filter(Boolean);
  return Array.from({ length: names.length + 1 }, (_, i) => [at, ...names.slice(0, i)].join("/"));
}

/** The cgroup's path below the mount; empty if the mount does not contain it, as in many containers. */
function below(group: string, root: string): string {
  if (group.split("/").includes("..")) return "";
  if (root === "/" || group === root) return root === "/" ? group : "";
  return group.startsWith(`${root}/`) ? group.slice(root.length) : "";
}

/** Version 1 writes "no limit" as the largest number of pages, which exceeds the safe integers. */
function limitOf(text: string | undefined): number | undefined {
  const bytes = /^\d+$/.test(text?.trim() ?? "") ? Number(text) : Infinity;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
