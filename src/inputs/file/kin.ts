// Which names rotation gives: a.log becomes a.log.1, a.log-20261124 or a-20261124.log, and ends in .gz when it is compressed.
import { dirname, join } from "node:path";

const NUMBER = /[-._]\d+(?=[-._]|$)/g;
const PACKED = /\.gz$/;

/** Of thousands of files each is compared with many, and `basename` goes through a path letter by letter. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The name without what rotation adds: numbers and dates that are set off, and .gz. */
export function family(path: string): string {
  return nameOf(path).replace(PACKED, "").replace(NUMBER, "");
}

/** Of the name, and of what it may be made from by adding something behind a separator. */
export function families(path: string): ReadonlySet<string> {
  return new Set([family(path), ...stems(path).map(family)]);
}

/** May this be the name of a rotated file of that path, or of a copy of it? */
export function isKin(path: string, original: string): boolean {
  const first = family(original);
  if (nameOf(path) === first) return false;
  return family(path) === first || isNamedAfter(path, original);
}

/** a.log.1 is named after a.log. */
export function isNamedAfter(path: string, original: string): boolean {
  const [name, first] = [nameOf(path), nameOf(original)];
  return name.startsWith(first) && /^[-._]/.test(name.slice(first.length));
}

/** Paths that a file may be named after, in its directory and in the one above, which may keep rotated files below it. */
export function originals(path: string): readonly string[] {
  const home = dirname(path);
  return [...stems(path), ...youngerNames(path)].flatMap((name) => [join(home, name), join(dirname(home), name)]);
}

/** a.log.2.gz was a.log.1 before it was compressed. */
function youngerNames(path: string): readonly string[] {
  const [, name, number] = /^(.*[-._])(\d{1,2})\.gz$/.exec(nameOf(path)) ?? [];
  return Array.from({ length: Number(number ?? 0) }, (_, n) => `${name}${n}`);
}

/** The path of which this is the compressed file by name. */
export function unpackedPath(path: string): string | undefined {
  return PACKED.test(path) ? path.replace(PACKED, "") : undefined;
}

function stems(path: string): readonly string[] {
  const name = nameOf(path);
  const ends = [...name.matchAll(/[-._]/g)].map((match) => match.index).filter((at) => at > 0);
  return ends.map((at) => name.slice(0, at));
}
