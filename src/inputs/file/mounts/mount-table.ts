// Tells which paths are on a network mount, or on another mount whose server or process may never answer. The answer comes from
// the kernel's mount table and from links on local file systems, so no such server is asked. Without such mounts, a lookup
// costs one comparison of numbers.
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemClock } from "../../../core/clock.ts";

export interface NetworkMount {
  readonly point: string;
  /** The kernel's name: nfs4, fuse.sshfs. */
  readonly type: string;
  /** In the form of `Stats.dev`. */
  readonly dev: number;
}

const NETWORK =
  /^(nfs4?|cifs|smb3|smbfs|ncpfs|9p|ceph|afs|coda|lustre|gfs2?|ocfs2|orangefs|beegfs|gpfs|virtiofs|autofs|fuse(blk)?(\..*)?)$/;
/** The kernel itself serves mounts below these directories. */
const KERNEL = /^\/(proc|sys|dev)(\/|$)/;
/** New mounts are found after this long. */
const RENEW_MS = 5000;
/** The kernel's own limit of links in a path. */
const MOST_LINKS = 40;
const MOST_KNOWN = 10_000;

let renewAt = -Infinity;
let byPoint: ReadonlyMap<string, NetworkMount> = new Map();
let devices: ReadonlySet<number> = new Set();
/** Cache of resolved directories: the real path, or the network mount on the way to it. */
const directories = new Map<string, string | NetworkMount>();

/**
 * The network mount that a path is on, or crosses on the way to its target. Undefined: all of the way is local or cannot be
 * resolved.
 */
export function networkMountOf(path: string | Buffer): NetworkMount | undefined {
  renew();
  if (byPoint.size === 0) return undefined;
  const place = placeOf(resolve(String(path)), 0);
  return typeof place === "object" ? place : undefined;
}

/** Whether the device is a network mount. Watchers do not report what other machines write there. */
export function isOnNetwork(dev: number): boolean {
  return devices.has(dev);
}

/** @param table content of /proc/self/mountinfo */
export function networkMountsIn(table: string): ReadonlyMap<string, NetworkMount> {
  const mounts = new Map<string, NetworkMount>();
  for (const line of table.split("\n")) {
    const [head = "", tail = ""] = line.split(" - ");
    const [, , device = "", , escaped = ""] = head.split(" ");
    const [type = ""] = tail.split(" ");
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    // A later mount covers an earlier one. The root is left out: the whole process depends on it.
    if (NETWORK.test(type) && point !== "/" && !KERNEL.test(point))
      mounts.set(point, { point, type, dev: devOf(device) });
    else mounts.delete(point);
  }
  return mounts;
}

function renew(): void {
  const now = systemClock.now();
  if (now < renewAt) return;
  renewAt = now + RENEW_MS;
  directories.clear();
  byPoint = networkMountsIn(table());
  devices = new Set(Array.from(byPoint.values(), ({ dev }) => dev));
}

function table(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

/** The path's target, or the network mount on the way to it. Only local file systems are asked. */
function placeOf(path: string, links: number): string | NetworkMount {
  if (path === "/" || links > MOST_LINKS) return path;
  const slash = path.lastIndexOf("/");
  const directory = directoryOf(path.slice(0, slash) || "/", links);
  if (typeof directory === "object") return directory;
  const place = join(directory, path.slice(slash + 1));
  const mount = byPoint.get(place);
  if (mount !== undefined) return mount;
  const target = linkAt(place);
  return target === undefined ? place : placeOf(resolve(directory, target), links + 1);
}

function directoryOf(path: string, links: number): string | NetworkMount {
  let place = directories.get(path);
  if (place !== undefined) return place;
  place = placeOf(path, links);
  if (directories.size >= MOST_KNOWN) directories.clear();
  directories.set(path, place);
  return place;
}

function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function devOf(device: string): number {
  const [major = 0, minor = 0] = device.split(":").map(Number);
  return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12);
}
