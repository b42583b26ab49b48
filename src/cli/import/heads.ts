// Finds files by their first bytes, for agents that identify files by a fingerprint. How many bytes or lines the fingerprint
// covers is a setting that the agents' states do not contain, so the lengths are tried. An accidental match of another
// length in a 64-bit or 256-bit hash does not happen.
import { hashOf, hashedAs, lineSums } from "./beginnings.ts";
import type { Recognised } from "./entry.ts";
import { Prefixes } from "./prefixes.ts";

/** Filebeat's default for fingerprint.length. */
const USUAL_HASHED = 1024;
const MOST_HASHED = 16_384;
/** Limit on the number of lengths tried in total, which takes 12 s. */
const MOST_TRIES = 4_000_000;

export type ByHead = Extract<Recognised, { by: "sha256" | "head" | "lines" }>;

export class Heads<F extends { readonly path: string }> {
  private readonly files: readonly F[];
  private readonly skipped: number;
  private readonly byHash = new Map<string, Set<F>>();
  private byLines: Map<string, Set<F>> | undefined;
  private readonly lengths = new Set<number>();
  private prefixes: Prefixes<F> | undefined;
  private triesLeft = MOST_TRIES;

  /** @param skipped header bytes that some Vector sources exclude from the fingerprint (fingerprint.ignored_header_bytes) */
  constructor(files: readonly F[], skipped: number) {
    this.files = files;
    this.skipped = skipped;
  }

  /**
   * Checks whether one of these files has this SHA-256 at a length that is not known yet. A length learned from one file is
   * then used for all files.
   */
  learnFrom(files: readonly F[], hash: string, lengths: "usual" | "all"): void {
    this.learn(USUAL_HASHED);
    const most = lengths === "usual" ? USUAL_HASHED : MOST_HASHED;
    for (const file of files) {
      if (this.byHash.has(hash) || this.triesLeft < most) return;
      this.triesLeft -= most;
      const found = hashedAs(file.path, hash, most);
      if (found?.of === "bytes") this.learn(found.length);
      // A hash of hex text belongs to a file that is still short, so its length is not that of other files.
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
