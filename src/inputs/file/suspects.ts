// New files that may be copies of what is read already: the compressed file next to a rotated one, the copy that
// copytruncate makes. They are not read as long as that can be; a file that loses its content has its source go on in them
// (heirs.ts).
//
// A new file waits when its name and its beginning are those of a file of ours, and
// - it is compressed, and that file has no name any more, or is called the same without .gz and has its content (heirs.ts):
//   until that file is over;
// - that file cannot be looked for now: for a quarter of an hour;
// - it is compressed otherwise, or plain, not longer than that file, and begins like it as far as it goes: until it has not
//   come nearer to having all of it for 5 s. A copy under way comes nearer, and when it is there copytruncate truncates; what
//   rests, or is written along with the other, is a file of its own, and is read.
// A wrong guess costs time and loses nothing: only the content decides later. A run with an end waits for none of it but
// what has the content of a file that is there.
import { existsSync } from "node:fs";
import type { KnownSource } from "../../core/source.ts";
import { beginAlike, endAlike, hasRead } from "./alike.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Endings } from "./endings.ts";
import { formOfFile } from "./gzip/gzip-member.ts";
import { isKin, originals, unpackedPath } from "./kin.ts";
import type { KnownSources } from "./known.ts";
import type { Looker } from "./look.ts";
import { contentHead } from "./gzip/packed.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import type { Tail } from "./tail.ts";
import { Waiting } from "./waiting.ts";

/** Of one that does not grow, or does not come nearer. */
const QUIET_MS = 5000;
/** Longer than where nobody can look is waited for (searches.ts, renames.ts): what is a copy is known as one by then. */
const LONG_MS = 900_000;
const WARNED_MS = 60_000;
/** Files without a name that are gone through: when there are more, it was no rotation. */
const MOST_LOST = 500;

/**
 * A number: what it lacks of the other, as long as that becomes less. long: until nobody can wait any longer. lasting: for as
 * long as the other file lives.
 */
type Suspicion = "none" | number | "long" | "lasting";

export interface SuspectsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly known: KnownSources;
  readonly descriptors: Descriptors;
  readonly endings: Endings;
  readonly looker: Looker;
}

export class Suspects {
  private readonly parts: SuspectsParts;
  private readonly files = new Map<string, Waiting>();
  private patience: "some" | "none" = "some";

  constructor(parts: SuspectsParts) {
    this.parts = parts;
  }

  get paths(): Iterable<string> {
    return this.files.keys();
  }

  /** Those to be judged again now. */
  due(): readonly string[] {
    const now = this.parts.shared.clock.now();
    return [...this.files].filter(([, { dueAt }]) => dueAt <= now).map(([path]) => path);
  }

  /** What they waited for has happened. */
  hurry(): void {
    for (const file of this.files.values()) file.dueAt = 0;
  }

  /** From now on only what has the content of a file that is there waits. */
  endPatience(): void {
    this.patience = "none";
    this.hurry();
  }

  /** Compressed files that are whole, it seems, and are still to be compared with the one that is called the same. */
  *twins(): Iterable<{ readonly path: string; readonly original: Tail }> {
    const { registry, shared } = this.parts;
    const before = shared.clock.now() - (this.patience === "some" ? QUIET_MS : 0);
    for (const [path, { twin, grownAt }] of this.files) {
      const original = registry.at(unpackedPath(path) ?? "");
      if (twin === "unknown" && grownAt <= before && original?.packed === undefined && original?.source !== undefined)
        yield { path, original };
    }
  }

  /** What a comparison has said. */
  compared(path: string, twin: Waiting["twin"]): void {
    const file = this.files.get(path);
    if (file === undefined) return;
    file.twin = twin;
    file.dueAt = 0;
  }

  clear(path: string): void {
    this.files.delete(path);
  }

  /** Whether a file that is none of ours, open if it is not empty, has to wait. */
  suspect(file: Tail, size: number): boolean {
    this.compareSize(file, size);
    const suspicion = this.suspicion(file, size);
    if (suspicion !== "none" && this.waits(file, size, suspicion)) return true;
    this.clear(file.path);
    return false;
  }

  private compareSize({ path, key }: Tail, size: number): void {
    const waiting = this.files.get(path);
    if (waiting === undefined) return;
    if (key !== waiting.key) this.clear(path);
    else if (size !== waiting.size) waiting.grow(size, this.parts.shared.clock.now());
  }

  private waits({ path, key }: Tail, size: number, suspicion: Suspicion): boolean {
    const { clock, mode, nag } = this.parts.shared;
    const now = clock.now();
    const waiting = this.files.get(path) ?? new Waiting(key, size, now);
    this.files.set(path, waiting);
    waiting.planNext(now);
    if (typeof suspicion === "number") waiting.comeNearer(suspicion, now);
    const waited = now - waiting.nearerAt;
    if (typeof suspicion === "number") return mode === "follow" && waited < QUIET_MS;
    if (suspicion === "long" && waited > WARNED_MS)
      nag.warn("file_waits", waitsMessage(path, LONG_MS - waited), { path });
    return suspicion === "lasting" || (this.patience === "some" && waited < LONG_MS);
  }

  private suspicion(file: Tail, size: number): Suspicion {
    const form = size === 0 ? "unknown" : formOfFile(file.fd);
    const isPacked = form === "gzip" || (form === "unknown" && unpackedPath(file.path) !== undefined);
    const kind = isPacked ? "packed" : "plain";
    let most: Suspicion = this.isEarly(file, size, kind) ? Infinity : "none";
    for (const found of this.suspicions(file, size, kind)) {
      if (found === "lasting") return found;
      most = worse(most, found);
    }
    return most;
  }

  /** What a file is that has just been made shows when it has content, and when its original is known as well. */
  private isEarly({ path }: Tail, size: number, form: "packed" | "plain"): boolean {
    if (size === 0) return originals(path).some((original) => existsSync(original));
    const original = form === "packed" ? unpackedPath(path) : undefined;
    return original !== undefined && this.parts.registry.at(original) === undefined && existsSync(original);
  }

  private *suspicions(file: Tail, size: number, form: "packed" | "plain"): Iterable<Suspicion> {
    for (const tail of this.kin(file.path)) {
      // It may be truncated by now, and what is being read of it is nowhere else to be compared with.
      if (tail.turn === "reading" && tail.position === 0) yield Infinity;
      yield form === "packed" ? this.ofPacked(file, size, tail) : this.ofPlain(file, size, tail);
    }
    // Behind the others: to look at a file may find that it lost its content.
    for (const source of this.lostSources(file.path)) yield this.ofLost(file, size, source);
  }

  private *lostSources(path: string): Iterable<KnownSource> {
    const { endings, known } = this.parts;
    yield* known.kin(path);
    yield* endings.orphans.kin(path);
  }

  /** Files of ours that it may be a copy of, by their names. */
  private *kin(path: string): Iterable<Tail> {
    const { registry } = this.parts;
    for (const original of originals(path)) {
      const tail = registry.at(original);
      if (tail !== undefined) yield tail;
    }
    let count = 0;
    for (const tail of registry.lost.near(path)) {
      if (++count > MOST_LOST) return;
      if (isKin(path, tail.firstPath) || isKin(path, tail.path)) yield tail;
    }
  }

  private ofLost(file: Tail, size: number, { checkpoint, identity }: KnownSource): Suspicion {
    if (identity.headLength === 0) return "none";
    const lacks = Math.max(0, checkpoint - size);
    if (size === 0) return lacks;
    const { length, hash } = contentHead(file.fd, identity.headLength);
    if (length < identity.headLength) return lacks;
    return hash === identity.headHash ? "long" : "none";
  }

  private ofPacked(file: Tail, size: number, tail: Tail): Suspicion {
    const { descriptors, looker } = this.parts;
    // Its name may have gone since anybody looked.
    if (tail.mode === "named") looker.look(tail);
    if (tail.source === undefined) return "none";
    const alike = size === 0 ? "unknown" : beginAlike(file, tail, descriptors);
    if (alike === "no") return "none";
    const lacks = lacking(size, tail);
    if (alike === "unknown" || tail.mode === "over") return lacks;
    if (tail.mode !== "named") return tail.mode === "nameless" ? "lasting" : "long";
    if (unpackedPath(file.path) !== tail.path) return lacks;
    return this.files.get(file.path)?.twin === "other" ? "none" : "lasting";
  }

  private ofPlain(file: Tail, size: number, tail: Tail): Suspicion {
    const { descriptors, looker } = this.parts;
    if (tail.mode === "named") looker.look(tail);
    if (tail.source === undefined || tail.packed !== undefined || tail.mode === "over") return "none";
    const lacks = lacking(size, tail);
    if (size === 0) return tail.mode === "named" ? lacks : "none";
    // A copy has no more than the original has now; during a read nobody has looked.
    if (tail.mode === "named" && tail.turn !== "reading" && size > tail.size) return "none";
    // Truncated and written anew since the last look, the other one has not what was read of it any more.
    if (hasRead(file, size, tail)) return lacks;
    const alike = beginAlike(file, tail, descriptors);
    if (alike === "no" || !descriptors.open(tail)) return alike === "yes" ? lacks : "none";
    return endAlike(file.fd, tail.fd, Math.min(size, tail.size)) ? lacks : "none";
  }
}

function worse(one: Suspicion, other: Suspicion): Suspicion {
  if (one === "none" || other === "long") return other;
  return typeof one === "number" && typeof other === "number" ? Math.max(one, other) : one;
}

/** Of a compressed file a guess: it has less, mostly, and comes nearer too as it is made. */
function lacking(size: number, { stored }: Tail): number {
  return Math.max(0, stored - size);
}

function waitsMessage(path: string, ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  return `${path} is not read yet: it begins like a file that cannot be looked for now. It is read in ${minutes} min at the latest.`;
}
