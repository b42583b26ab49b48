// The sources that the state database knows and that no file has been matched with yet.
import type { KnownSource } from "../../core/source.ts";
import { continues, lastingKey } from "./identity.ts";
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

  constructor(sources: readonly KnownSource[]) {
    for (const source of sources) {
      const key = lastingKey(source.identity);
      const list = this.byKey.get(key);
      if (list === undefined) this.byKey.set(key, [source]);
      else list.push(source);
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
    return this.byKey.has(tail.lastingKey);
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
