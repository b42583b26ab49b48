// What a salvage has looked up lately: the sources and envelopes of the rows that it goes through.

/** Most entries in memory. */
const CACHED = 4096;

export class Cache<T> {
  private readonly find: (id: number) => T | undefined;
  private readonly found = new Map<number, T | undefined>();

  constructor(find: (id: number) => T | undefined) {
    this.find = find;
  }

  get(id: number): T | undefined {
    if (this.found.has(id)) return this.found.get(id);
    if (this.found.size === CACHED) this.found.clear();
    const one = this.find(id);
    this.found.set(id, one);
    return one;
  }

  /** It has changed. */
  forget(id: number): void {
    this.found.delete(id);
  }
}
