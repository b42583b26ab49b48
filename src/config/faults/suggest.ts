// Finds the word for "did you mean": the nearest known word, if it is near enough to be a typo.

/** Damerau-Levenshtein distance (swapped adjacent letters count once). Returns more than `most` as soon as that is certain. */
export function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let two: number[] = [];
  let one: number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((one[j] as number) + 1, (row[j - 1] as number) + 1, (one[j - 1] as number) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (two[j - 2] as number) + 1);
      }
      row.push(best);
    }
    if (Math.min(...row) > most) return most + 1;
    two = one;
    one = row;
  }
  return one[b.length] as number;
}

/** The nearest word, ignoring case and the difference between `-` and `_`; undefined if none is near. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll("-", "_");
  const most = word.length < 4 ? 1 : word.length < 8 ? 2 : 3;
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of known) {
    const found = distance(plain(word), plain(candidate), most);
    if (found < least && found < candidate.length) {
      least = found;
      best = candidate;
    }
  }
  return best ?? shorter(word, known);
}

/** The longest known word that the given one begins with: `warn` for `warning`, `index` for `index_name`. */
function shorter(word: string, known: Iterable<string>): string | undefined {
  const begins = (candidate: string): boolean => candidate.length > 3 && word.toLowerCase().startsWith(candidate);
  return [...known].filter(begins).toSorted((a, b) => b.length - a.length)[0];
}
