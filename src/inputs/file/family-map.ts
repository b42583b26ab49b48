// What is known of many files, found by what rotation leaves of their names: a new file among thousands asks those alone
// that it may be a copy of.
import { families, family } from "./kin.ts";

export class FamilyMap<T> {
  private readonly families = new Map<string, Set<T>>();

  add(original: string, member: T): void {
    const key = family(original);
    this.families.set(key, (this.families.get(key) ?? new Set()).add(member));
  }

  delete(original: string, member: T): void {
    const key = family(original);
    const members = this.families.get(key);
    members?.delete(member);
    if (members?.size === 0) this.families.delete(key);
  }

  /** Among them are all whose kin this path may be (kin.ts). */
  *near(path: string): Iterable<T> {
    if (this.families.size === 0) return;
    for (const key of families(path)) yield* this.families.get(key) ?? [];
  }
}
