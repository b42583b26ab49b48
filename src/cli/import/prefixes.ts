// Finds files by a prefix of any length. The files are sorted by their first bytes, so those with a common prefix are adjacent.
// Reading each of 5,000 files for each of 5,000 entries would be 25 million reads.
import { readBeginning } from "./beginnings.ts";

/** Number of first bytes kept of each file; for longer prefixes the few remaining files are read again. */
const KEPT = 1024;

export class Prefixes<F extends { readonly path: string }> {
  private readonly sorted: readonly { readonly text: string; readonly file: F }[];

  constructor(files: readonly F[]) {
    const all = files.map((file) => ({ text: readBeginning(file.path, KEPT).toString("latin1"), file }));
    this.sorted = all.sort((a, b) => compare(a.text, b.text));
  }

  /** The files that start with these bytes; files with equal first bytes stay in the given order. */
  find(head: Buffer): readonly F[] {
    const text = head.toString("latin1", 0, KEPT);
    let [from, to] = [0, this.sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compare(this.sorted[middle]?.text ?? "", text) < 0) from = middle + 1;
      else to = middle;
    }
    const behind = this.sorted.slice(from);
    const end = behind.findIndex((one) => !one.text.startsWith(text));
    const found = (end < 0 ? behind : behind.slice(0, end)).map(({ file }) => file);
    return head.length <= KEPT ? found : found.filter(({ path }) => readBeginning(path, head.length).equals(head));
  }
}

/** Compares by code units, as `startsWith` does. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
