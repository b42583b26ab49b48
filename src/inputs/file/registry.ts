// All files of one input, by name and by what they are. The only place where a tail changes its mode.
import type { BigIntStats } from "node:fs";
import { assert } from "../../core/errors.ts";
import { FamilyMap } from "./family-map.ts";
import type { Tail } from "./tail.ts";

export class Registry {
  readonly all = new Set<Tail>();
  /** In the order in which they lost their names: the oldest first. */
  readonly nameless = new Set<Tail>();
  readonly displaced = new Set<Tail>();
  /** Both of them, by the names that they had. */
  readonly lost = new FamilyMap<Tail>();
  private readonly byPath = new Map<string, Tail>();
  private readonly vacated = new Set<string>();
  private readonly byKey = new Map<string, Tail>();

  at(path: string): Tail | undefined {
    return this.byPath.get(path);
  }

  withKey(key: string): Tail | undefined {
    return this.byKey.get(key);
  }

  add(tail: Tail): void {
    assert(!this.byKey.has(tail.key), "two tails of one file");
    this.all.add(tail);
    this.byKey.set(tail.key, tail);
    this.name(tail, tail.path);
  }

  /** `path` leads to it now. Who had the name before must look for another. */
  name(tail: Tail, path: string): void {
    const other = this.byPath.get(path);
    if (other !== undefined && other !== tail) this.displace(other);
    this.vacate(tail);
    this.byPath.set(path, tail);
    this.forgetLost(tail);
    tail.rename(path);
    tail.misses = 0;
    tail.blind = 0;
    tail.mode = "named";
  }

  /** It is another file by what the system says. */
  recognise(tail: Tail, stats: BigIntStats): void {
    this.byKey.delete(tail.key);
    tail.become(stats);
    this.byKey.set(tail.key, tail);
  }

  displace(tail: Tail): void {
    assert(tail.mode === "named", "only a named tail is displaced");
    this.vacate(tail);
    this.displaced.add(tail);
    for (const name of [tail.firstPath, tail.path]) this.lost.add(name, tail);
    tail.mode = "displaced";
  }

  /** Only its descriptor leads to it. */
  unname(tail: Tail): void {
    assert(tail.mode === "displaced" && tail.fd >= 0, "only a displaced tail with a descriptor becomes nameless");
    this.displaced.delete(tail);
    this.nameless.add(tail);
    tail.mode = "nameless";
  }

  remove(tail: Tail): void {
    this.vacate(tail);
    if (this.byKey.get(tail.key) === tail) this.byKey.delete(tail.key);
    this.forgetLost(tail);
    this.all.delete(tail);
    tail.mode = "over";
  }

  /** Paths that led to a tail and may lead to another file since: whoever takes them looks there. */
  takeVacated(): readonly string[] {
    const paths = [...this.vacated].filter((path) => !this.byPath.has(path));
    this.vacated.clear();
    return paths;
  }

  private forgetLost(tail: Tail): void {
    if (tail.mode === "named") return;
    this.displaced.delete(tail);
    this.nameless.delete(tail);
    for (const name of [tail.firstPath, tail.path]) this.lost.delete(name, tail);
  }

  private vacate(tail: Tail): void {
    if (this.byPath.get(tail.path) !== tail) return;
    this.byPath.delete(tail.path);
    this.vacated.add(tail.path);
  }
}
