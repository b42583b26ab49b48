// Lists the directories around a path: the path's own, that of its target if the path is a symbolic link, and those one level
// below (logrotate's `olddir`). Renamed files and copies are searched there, also under names that no pattern matches.
//
// Listing a directory of 10,000 files takes 50 ms. Once directories have been listed, none is listed again for a hundred times
// as long.
import type { Stats } from "node:fs";
import { dirname, join } from "node:path";
import { describe, hasCode } from "../../../core/errors.ts";
import type { Clock } from "../../../core/clock.ts";
import { timeSliceOf } from "../../../core/time-slice.ts";
import { deviceOf, isUnmounted } from "../file-systems.ts";
import { earlierNames, nameOf } from "../identity/rotation-name.ts";
import type { DirectoryEntry } from "../mounts/system-calls.ts";
import { entriesOf, quickStatOf, realPathOf } from "../paths.ts";
import type { Reports } from "../reports.ts";

export interface Found {
  readonly path: string;
  readonly stats: Stats;
}

/** The contents of one directory. */
export class Listing {
  readonly place: string;
  readonly files: Found[] = [];
  readonly directories: string[] = [];
  /** Paths of entries that are symbolic links. */
  readonly links = new Set<string>();
  error: unknown;
  private byEarlierName: ReadonlyMap<string, readonly Found[]> | undefined;
  private byInode: ReadonlyMap<number, readonly Found[]> | undefined;

  constructor(place: string) {
    this.place = place;
  }

  withInode(inode: number): readonly Found[] {
    this.byInode ??= Map.groupBy(this.files, ({ stats }) => stats.ino);
    return this.byInode.get(inode) ?? [];
  }

  /** Files whose names a rotation may have made from the name of this path. */
  rotatedFrom(path: string): readonly Found[] {
    return this.rotated.get(nameOf(path)) ?? [];
  }

  /** Whether any name may come from a rotation. */
  get hasRotated(): boolean {
    return this.rotated.size > 0;
  }

  private get rotated(): ReadonlyMap<string, readonly Found[]> {
    return (this.byEarlierName ??= grouped(this.files));
  }
}

function grouped(files: readonly Found[]): ReadonlyMap<string, readonly Found[]> {
  const map = new Map<string, Found[]>();
  for (const file of files)
    for (const name of earlierNames(nameOf(file.path))) {
      const list = map.get(name);
      if (list === undefined) map.set(name, [file]);
      else list.push(file);
    }
  return map;
}

/** Pause per entry. An entry takes 5 us, so listing takes a hundredth of a core at most. */
const REST_PER_ENTRY_MS = 0.5;
/** Subdirectories listed per directory. Logs of many programs may have one for each. */
const MOST_BELOW = 100;

export class Directories {
  private readonly clock: Clock;
  private readonly known: (stats: Stats) => boolean;
  private listings = new Map<string, Listing>();
  private devices = new Map<string, number | undefined>();
  private restUntil = 0;

  /** @param known true for files to leave out: those of named tails */
  constructor(clock: Clock, known: (stats: Stats) => boolean = () => false) {
    this.clock = clock;
    this.known = known;
  }

  /** Forgets the listings. False: it is too soon for that. */
  renew(): boolean {
    if (this.clock.now() < this.restUntil) return false;
    this.listings = new Map();
    this.devices = new Map();
    return true;
  }

  /** The path's own directory comes first. Each directory is listed once until `renew`. */
  async around(path: string): Promise<readonly Listing[]> {
    const own = await this.list(dirname(path));
    const found = [own];
    if (own.links.has(path) || own.error !== undefined)
      for (const place of placesOf(path)) if (place !== own.place) found.push(await this.list(place));
    const places = found.map(({ place }) => place);
    const below = found.flatMap(({ directories }) => directories.slice(0, MOST_BELOW));
    for (const place of below) if (!places.includes(place)) found.push(await this.list(place));
    return found;
  }

  /** As in file-systems.ts. Each directory is asked for once until `renew`. */
  isUnmounted(path: string, device: number): boolean {
    const directory = dirname(path);
    if (!this.devices.has(directory)) this.devices.set(directory, deviceOf(directory));
    const now = this.devices.get(directory);
    return now !== undefined && isUnmounted(path, device, now);
  }

  private async list(directory: string): Promise<Listing> {
    let listing = this.listings.get(directory);
    if (listing === undefined) {
      listing = new Listing(directory);
      this.listings.set(directory, listing);
      await this.read(listing);
    }
    return listing;
  }

  private async read(listing: Listing): Promise<void> {
    const slice = timeSliceOf(this.clock);
    let count = 0;
    try {
      for (const entry of await entriesOf(listing.place)) {
        count++;
        if (slice.isOver) await slice.next();
        const path = join(listing.place, entry.name);
        if (entry.isSymbolicLink()) listing.links.add(path);
        const stats = statFor(path, entry);
        if (stats === undefined ? entry.isDirectory() : stats.isDirectory()) listing.directories.push(path);
        else if (stats?.isFile() && !this.known(stats)) listing.files.push({ path, stats });
      }
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) listing.error = error;
    }
    this.restUntil = Math.max(this.restUntil, this.clock.now()) + count * REST_PER_ENTRY_MS;
  }
}

/** The directories of the path and of its target. If the path leads nowhere now, only the former. */
function placesOf(path: string): ReadonlySet<string> {
  return new Set([dirname(path), dirname(realPathOf(path) ?? path)]);
}

/** Undefined for a link into an unreadable directory, or a mount that does not answer. Other files can still be listed. */
function statFor(path: string, entry: DirectoryEntry): Stats | undefined {
  try {
    return quickStatOf(path);
  } catch (error) {
    if (entry.isSymbolicLink() || entry.isDirectory()) return undefined;
    throw error;
  }
}

/**
 * An unreadable directory that may hold the file of this path. Subdirectories that deny access to the agent for good
 * (lost+found, a private one) do not count. Denied access to the file's own directory does.
 */
export function unreadableIn(listings: readonly Listing[], path: string): Listing | undefined {
  const unreadable = listings.filter(({ error }) => error !== undefined);
  if (unreadable.length === 0) return undefined;
  const own = placesOf(path);
  return unreadable.find(({ place, error }) => own.has(place) || !hasCode(error, "EACCES", "EPERM"));
}

export function sayUnreadable({ place, error }: Listing, reports: Reports): void {
  const message = `Cannot look into ${place}: ${describe(error)}. Files that were renamed there are not found: let the agent list it.`;
  reports.warn("directory_unreadable", message, { path: place });
}
