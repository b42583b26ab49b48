// Files by what they begin with, for agents that recognise them so. How many bytes or lines a fingerprint covers is a
// setting that their states do not hold: it is found by trying. That another length has the same sum of 64 or 256 bits by
// chance does not happen.
import { hashOf, hashedAs, lineSums } from "./beginnings.ts";
import type { Recognised } from "./entry.ts";
import { Prefixes } from "./prefixes.ts";

/** Filebeat's fingerprint.length by default. */
const USUAL_HASHED = 1024;
const MOST_HASHED = 16_384;
/** Of lengths that are tried in all: 12 s. */
const PATIENCE = 4_000_000;

export type ByHead = Extract<Recognised, { by: "sha256" | "head" | "lines" }>;

/** F: whatever has a path. */
export class Heads<F extends { readonly path: string }> {
  private readonly files: readonly F[];
  private readonly skipped: number;
  private readonly byHash = new Map<string, Set<F>>();
  private byLines: Map<string, Set<F>> | undefined;
  private readonly lengths = new Set<number>();
  private prefixes: Prefixes<F> | undefined;
  private patience = PATIENCE;

  /** @param skipped bytes of a header that some of Vector's sources leave out (fingerprint.ignored_header_bytes) */
  constructor(files: readonly F[], skipped: number) {
    this.files = files;
    this.skipped = skipped;
  }

  /**
   * Looks whether one of these files has this SHA-256 by another length than those that are known. What is found of one
   * file tells of the others.
   */
  learnFrom(files: readonly F[], hash: string, lengths: "usual" | "all"): void {
    this.learn(USUAL_HASHED);
    const most = lengths === "usual" ? USUAL_HASHED : MOST_HASHED;
    for (const file of files) {
      if (this.byHash.has(hash) || this.patience < most) return;
      this.patience -= most;
      const found = hashedAs(file.path, hash, most);
      if (found?.of === "bytes") this.learn(found.length);
      // Each file that is short yet has a length of its own.
      if (found?.of === "hex")
        for (const one of files) if (hashOf(one.path, found) === hash) put(this.byHash, hash, one);
    }
  }

  find(wanted: ByHead): readonly F[] {
    if (wanted.by === "lines") return [...((this.byLines ??= this.indexLines()).get(String(wanted.crc)) ?? [])];
    if (wanted.by === "head") return (this.prefixes ??= new Prefixes(this.files)).find(wanted.head);
    this.learn(USUAL_HASHED);
    return [...(this.byHash.get(wanted.hash) ?? [])];
  }

  private learn(length: number): void {
    if (this.lengths.has(length)) return;
    this.lengths.add(length);
    for (const file of this.files) {
      const hash = hashOf(file.path, { length, of: "bytes" });
      if (hash !== undefined) put(this.byHash, hash, file);
    }
  }

  private indexLines(): Map<string, Set<F>> {
    const byLines = new Map<string, Set<F>>();
    for (const file of this.files)
      for (const skipped of new Set([0, this.skipped]))
        for (const sum of lineSums(file.path, skipped)) put(byLines, String(sum), file);
    return byLines;
  }
}

function put<F>(map: Map<string, Set<F>>, key: string, file: F): void {
  const files = map.get(key);
  if (files === undefined) map.set(key, new Set([file]));
  else files.add(file);
}
