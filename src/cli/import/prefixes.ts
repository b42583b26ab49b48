// Files by any number of their first bytes: sorted by them, so that those which begin alike lie beside one another. With
// 5,000 entries and 5,000 files a look at each file for each entry would be 25 million reads.
import { readBeginning } from "./beginnings.ts";

/** Of each file that many are kept; longer beginnings are read again from the few files that are left. */
const KEPT = 1024;

export class Prefixes<F extends { readonly path: string }> {
  private readonly sorted: readonly { readonly text: string; readonly file: F }[];

  constructor(files: readonly F[]) {
    const all = files.map((file) => ({ text: readBeginning(file.path, KEPT).toString("latin1"), file }));
    this.sorted = all.sort((a, b) => compare(a.text, b.text));
  }

  /** In the order in which they were given where they begin alike. */
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

/** By code units, as `startsWith` has it. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
