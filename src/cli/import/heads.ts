// Files by what they begin with, for agents that recognise them so. How many bytes or lines a fingerprint covers is a
// setting that their states do not hold: it is found by trying. That another length has the same sum of 64 or 256 bits by
// chance does not happen.
import { createHash } from "node:crypto";
import { hashedLength, lineSums, readBeginning } from "./beginnings.ts";
import type { Recognised } from "./entry.ts";

/** Of a length that is not known: one takes up to 30 ms. */
const MOST_ATTEMPTS = 500;
/** Filebeat's fingerprint.length by default. */
const USUAL_HASHED = 1024;

export type ByHead = Extract<Recognised, { by: "sha256" | "head" | "lines" }>;

/** F: whatever has a path. */
export class Heads<F extends { readonly path: string }> {
  private readonly files: readonly F[];
  private readonly skipped: number;
  private readonly byHash = new Map<string, F[]>();
  private readonly byLines = new Map<string, F[]>();
  private readonly lengths = new Set<number>();
  private attempts = MOST_ATTEMPTS;

  /** @param skipped bytes of a header that some of Vector's sources leave out (fingerprint.ignored_header_bytes) */
  constructor(files: readonly F[], skipped: number) {
    this.files = files;
    this.skipped = skipped;
  }

  /** Tries whether this file has this SHA-256 by another length than those that are known. */
  learnFrom({ path }: F, hash: string): void {
    this.learn(USUAL_HASHED);
    if (this.byHash.has(hash) || this.attempts === 0) return;
    this.attempts--;
    this.learn(hashedLength(path, hash));
  }

  find(wanted: ByHead): readonly F[] {
    if (wanted.by === "lines") return this.withLines(wanted.crc);
    if (wanted.by === "head") {
      return this.files.filter(({ path }) => readBeginning(path, wanted.head.length).equals(wanted.head));
    }
    this.learn(USUAL_HASHED);
    return this.byHash.get(wanted.hash) ?? [];
  }

  private learn(length: number | undefined): void {
    if (length === undefined || this.lengths.has(length)) return;
    this.lengths.add(length);
    for (const file of this.files) {
      const bytes = readBeginning(file.path, length);
      if (bytes.length === length) put(this.byHash, createHash("sha256").update(bytes).digest("hex"), file);
    }
  }

  private withLines(crc: bigint): readonly F[] {
    if (this.byLines.size === 0) {
      const beginnings = new Set([0, this.skipped]);
      for (const file of this.files)
        for (const skipped of beginnings)
          for (const sum of lineSums(file.path, skipped)) put(this.byLines, String(sum), file);
    }
    return this.byLines.get(String(crc)) ?? [];
  }
}

function put<F>(map: Map<string, F[]>, key: string, file: F): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [file]);
  else if (!list.includes(file)) list.push(file);
}
