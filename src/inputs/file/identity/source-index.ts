// Index of all sources of one input: by the path and inode of their files, and by the paths they had. Only this file changes a
// tail's mode.
import type { BigIntStats } from "node:fs";
import { assert } from "../../../core/errors.ts";
import { birthMsOf, CLOSED, type Tail } from "../tail/tail.ts";

export class SourceIndex {
  /** Tails that have a file. */
  readonly attached = new Set<Tail>();
  readonly expected = new Set<Tail>();
  readonly moved = new Set<Tail>();
  /** In the order in which they were unlinked, oldest first. */
  readonly unlinked = new Set<Tail>();
  readonly detached = new Set<Tail>();
  /** All attached tails that have unread bytes, among others that have none now (see status.ts). */
  readonly unread = new Set<Tail>();
  /** Paths that had several files since these times. One of those files may have been renamed before anybody saw it. */
  readonly reused = new Map<string, number>();
  private readonly byPath = new Map<string, Tail>();
  private readonly byInode = new TailsByKey<number>();
  /** All tails without a path now. */
  private readonly byFormerPath = new TailsByKey<string>();
  private readonly freed = new Set<string>();

  /** The tail whose file has this path, as of its last poll. */
  at(path: string): Tail | undefined {
    return this.byPath.get(path);
  }

  /** Tails that had this path and have none now. */
  formerlyAt(path: string): readonly Tail[] {
    return this.byFormerPath.get(path);
  }

  wasAt(path: string): boolean {
    return this.formerlyAt(path).length > 0;
  }

  /** The tail that reads this file. */
  withFile(stats: BigIntStats): Tail | undefined {
    const [dev, birthMs] = [Number(stats.dev), birthMsOf(stats.birthtimeNs)];
    return this.withInode(Number(stats.ino)).find(
      (tail) => tail.attached && tail.dev === dev && tail.birthMs === birthMs,
    );
  }

  /** Tails whose files have or had this inode, on any device. */
  withInode(inode: number): readonly Tail[] {
    return this.byInode.get(inode);
  }

  /** Adds a source from the state database. */
  expect(tail: Tail): void {
    assert(tail.mode === "expected", "only a known source is expected");
    this.expected.add(tail);
    this.byInode.add(tail.ino, tail);
    this.addFormer(tail);
  }

  /** Adds the tail of a file that nobody read before. The tail has its path and inode already. */
  add(tail: Tail): void {
    this.place(tail);
  }

  /** The tail's file has this path now, which resolves to `real`. Another tail that had the path becomes moved. */
  rename(tail: Tail, path: string, real: string): void {
    if (tail.path !== path) this.reuse(tail.firstPath, tail.birthMs);
    this.forgetPlace(tail);
    tail.rename(path, real);
    this.place(tail);
  }

  /** The tail reads this file from now on. */
  attach(tail: Tail, path: string, real: string, stats: BigIntStats): void {
    this.forgetPlace(tail);
    this.byInode.remove(tail.ino, tail);
    tail.attach(path, real, stats);
    this.place(tail);
  }

  private place(tail: Tail): void {
    const { path } = tail;
    const other = this.byPath.get(path);
    if (other !== undefined && other !== tail) this.move(other);
    tail.mode = "named";
    tail.notFound = 0;
    tail.absent = "no";
    tail.loss = undefined;
    this.byPath.set(path, tail);
    this.byInode.add(tail.ino, tail);
    this.hasFile(tail);
  }

  /** The file's content was replaced: `fresh` takes over the file, and `tail` is detached. */
  replace(tail: Tail, fresh: Tail): void {
    const { mode } = tail;
    this.forgetPlace(tail);
    this.byInode.remove(tail.ino, tail);
    fresh.mode = mode;
    this.hasFile(fresh);
    this.byInode.add(fresh.ino, fresh);
    if (mode === "named") this.byPath.set(fresh.path, fresh);
    else {
      this[mode === "moved" ? "moved" : "unlinked"].add(fresh);
      this.addFormer(fresh);
    }
    tail.mode = "detached";
    this.detached.add(tail);
    this.addFormer(tail);
  }

  /** @param sinceMs birth time of the first known file */
  reuse(path: string, sinceMs: number): void {
    this.reused.set(path, Math.min(sinceMs, this.reused.get(path) ?? Infinity));
  }

  move(tail: Tail): void {
    assert(tail.mode === "named", "only a named tail moves");
    this.forgetPlace(tail);
    tail.mode = "moved";
    this.hasFile(tail);
    this.moved.add(tail);
    this.addFormer(tail);
  }

  /** Only the tail's descriptor leads to the file. */
  unlink(tail: Tail): void {
    assert(tail.mode === "moved" && tail.fd !== CLOSED, "only a moved tail with a descriptor is unlinked");
    this.moved.delete(tail);
    this.unlinked.add(tail);
    tail.mode = "unlinked";
    tail.notFound = 0;
  }

  /** The tail has no file any more. */
  detach(tail: Tail): void {
    assert(tail.fd === CLOSED && tail.slot !== "reading", "a tail is detached that holds its file");
    // A tail without a path is among the former ones already.
    if (this.byPath.get(tail.path) === tail) {
      this.forgetPlace(tail);
      this.addFormer(tail);
    } else this.leaveSets(tail);
    tail.mode = "detached";
    this.detached.add(tail);
  }

  release(tail: Tail): void {
    this.forgetPlace(tail);
    this.byInode.remove(tail.ino, tail);
    tail.mode = "released";
  }

  takeReused(): ReadonlyMap<string, number> {
    const taken = new Map(this.reused);
    this.reused.clear();
    return taken;
  }

  /** Paths that a tail has lost and no other tail has: they may lead to other files now. */
  takeFreed(): readonly string[] {
    const paths = [...this.freed].filter((path) => !this.byPath.has(path));
    this.freed.clear();
    return paths;
  }

  private hasFile(tail: Tail): void {
    this.attached.add(tail);
    this.unread.add(tail);
  }

  private leaveSets(tail: Tail): void {
    const { attached, unread, expected, moved, unlinked, detached } = this;
    for (const set of [attached, unread, expected, moved, unlinked, detached]) set.delete(tail);
  }

  private forgetPlace(tail: Tail): void {
    this.leaveSets(tail);
    if (this.byPath.get(tail.path) === tail) {
      this.byPath.delete(tail.path);
      this.freed.add(tail.path);
    } else this.removeFormer(tail);
  }

  private addFormer(tail: Tail): void {
    for (const path of formerPaths(tail)) this.byFormerPath.add(path, tail);
  }

  private removeFormer(tail: Tail): void {
    for (const path of formerPaths(tail)) this.byFormerPath.remove(path, tail);
  }
}

/** Tails by a key that hardly ever has more than one: then it needs no list, of which there would be 200,000. */
class TailsByKey<Key> {
  private readonly tails = new Map<Key, Tail | Tail[]>();

  get(key: Key): readonly Tail[] {
    const found = this.tails.get(key);
    return found === undefined ? [] : Array.isArray(found) ? found : [found];
  }

  add(key: Key, tail: Tail): void {
    const found = this.tails.get(key);
    if (found === undefined || found === tail) this.tails.set(key, tail);
    else if (!Array.isArray(found)) this.tails.set(key, [found, tail]);
    else if (!found.includes(tail)) found.push(tail);
  }

  remove(key: Key, tail: Tail): void {
    const found = this.tails.get(key);
    if (found === tail) this.tails.delete(key);
    if (!Array.isArray(found)) return;
    const rest = found.filter((other) => other !== tail);
    this.tails.set(key, rest.length === 1 ? (rest[0] as Tail) : rest);
  }
}

function formerPaths({ path, firstPath, target = path }: Tail): readonly string[] {
  return path === firstPath && path === target ? [path] : [...new Set([path, firstPath, target])];
}
