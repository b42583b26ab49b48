// The sources that the state database knows and that no file has been matched with yet.
import type { KnownSource } from "../../core/source.ts";
import { continues } from "./continues.ts";
import { FamilyMap } from "./family-map.ts";
import { lastingKey } from "./identity.ts";
import { isKin } from "./kin.ts";
import type { Tail } from "./tail.ts";

export interface Match {
  /** Goes on in this file. */
  readonly same: KnownSource | undefined;
  /** Were in this inode, and their content is not. */
  readonly others: readonly KnownSource[];
}
const NONE: Match = { same: undefined, others: [] };

export class KnownSources {
  private readonly byKey = new Map<string, KnownSource[]>();
  private readonly families = new FamilyMap<KnownSource>();

  constructor(sources: readonly KnownSource[]) {
    for (const source of sources) {
      const key = lastingKey(source.identity);
      this.byKey.set(key, [...(this.byKey.get(key) ?? []), source]);
      this.families.add(source.identity.path, source);
    }
  }

  get size(): number {
    return this.byKey.size;
  }

  *[Symbol.iterator](): Iterator<KnownSource> {
    for (const list of this.byKey.values()) yield* list;
  }

  includes(source: KnownSource): boolean {
    return this.byKey.get(lastingKey(source.identity))?.includes(source) ?? false;
  }

  has(tail: Tail): boolean {
    return this.hasKey(tail.lastingKey);
  }

  hasKey(key: string): boolean {
    return this.byKey.has(key);
  }

  /** Sources whose files a file of this path may be rotated from. */
  *kin(path: string): Iterable<KnownSource> {
    if (this.size === 0) return;
    for (const known of this.families.near(path))
      if (isKin(path, known.identity.path) && this.includes(known)) yield known;
  }

  /** What this file, which is open, may be: same inode and birth time, and the content decides. */
  match(tail: Tail): Match {
    const list = this.byKey.get(tail.lastingKey);
    if (list === undefined) return NONE;
    const fitting = list.filter((known) => continues(tail.fd, known.identity, known.checkpoint, known.mark));
    const same = fitting.sort((a, b) => b.checkpoint - a.checkpoint)[0];
    return { same, others: list.filter((known) => known !== same) };
  }

  removeAll(tail: Tail): void {
    this.byKey.delete(tail.lastingKey);
  }

  remove(source: KnownSource): void {
    const key = lastingKey(source.identity);
    const rest = (this.byKey.get(key) ?? []).filter((other) => other !== source);
    if (rest.length === 0) this.byKey.delete(key);
    else this.byKey.set(key, rest);
  }
}
