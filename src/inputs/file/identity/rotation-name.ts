// Names that a rotation gives to a file or its copy, in one step, or in several that nobody saw.
//
// app.log        -> app.log.1, app.1.log, app.log-20261124, app-20261124.log    a number or date is added
// app.log.1      -> app.log.2, and app.1.log -> app.2.log                        the number grows
// app.log        -> app.log.bak, app.log-old                                     a suffix is added
// any of these   -> the same with .gz
//
// Not app-20261124.log -> app-20261125.log: two dates are two files, and so are web-1.log and web-2.log, 0.log and 1.log.
import { dirname } from "node:path";

const PACKED = /\.gz$/;
/** What rotation puts into a name, between separators: numbers, and the parts of dates. */
const MARK = /(?<=[^/])[-._]\d+(?=[-._]|$)/g;
/** A number that rotation increments, at the end or before the extension. */
const COUNTER = /^(.+?)(\.)(\d{1,3})(\.[A-Za-z]+)?$|^(.+)([-_])(\d{1,3})$/;
/** A number right behind another one is the day or month of a date. */
const PART_OF_DATE = /[-._]\d{1,4}$/;
/** Lower numbers that are tried. */
const MOST_STEPS = 100;

/** The last part of a path. `basename` is slower: it scans a path character by character. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path without `.gz`, for a path that ends with it. */
export function unpackedPath(path: string): string | undefined {
  return PACKED.test(path) ? path.replace(PACKED, "") : undefined;
}

/** Whether the name extends that of the original behind a separator, as a.log.1 does a.log. */
export function isNamedAfter(path: string, original: string): boolean {
  const [name, first] = [nameOf(path), nameOf(original)];
  return name.length > first.length + 1 && name.startsWith(first) && /[-._]/.test(name[first.length] as string);
}

/** Whether a rotation may have given this name to the original or to a copy of it. Directories are not compared. */
export function isRotatedName(path: string, original: string): boolean {
  return earlierNames(nameOf(path)).has(nameOf(original));
}

/**
 * Paths that a rotated file may have had: in its own directory, and in the parent, since rotated files may be kept below it.
 */
export function earlierPaths(path: string): readonly string[] {
  const home = dirname(path);
  // Not `join`, which scans a path character by character: thousands of files a second may have hundreds of paths each.
  const places = [home, dirname(home)].map((place) => (place.endsWith("/") ? place : `${place}/`));
  return [...earlierNames(nameOf(path))].flatMap((name) => places.map((place) => place + name));
}

/** Names that a rotated file may have had before. */
export function earlierNames(name: string): ReadonlySet<string> {
  const unpacked = name.replace(PACKED, "");
  const counter = counterOf(unpacked);
  const names = new Set<string>();
  for (const shape of [unpacked, ...withoutMarks(unpacked), ...prefixes(unpacked)]) {
    names.add(shape);
    if (counter === undefined || !shape.startsWith(counter.highest)) continue;
    const rest = shape.slice(counter.highest.length);
    for (const lower of counter.lower) names.add(lower + rest);
  }
  if (unpacked !== name) for (const plain of [...names]) names.add(`${plain}.gz`);
  names.delete(name);
  return names;
}

/** The name up to its counter, and the same with lower numbers: a.log.3 was a.log.2, a.log.1 and a.log.0. */
function counterOf(name: string): { readonly highest: string; readonly lower: readonly string[] } | undefined {
  const [, a, b, c, , e, f, g] = COUNTER.exec(name) ?? [];
  const [before, separator, number] = a === undefined ? [e, f, g] : [a, b, c];
  if (before === undefined || number === undefined || PART_OF_DATE.test(before)) return undefined;
  const from = Math.max(0, Number(number) - MOST_STEPS);
  const digits = number.startsWith("0") ? number.length : 1;
  const lower = Array.from({ length: Number(number) - from }, (_, i) => String(from + i).padStart(digits, "0"));
  const stem = `${before}${separator}`;
  return { highest: stem + number, lower: lower.map((n) => stem + n) };
}

/** The name without its last number, its last two, and so on: app-20261124.log.1 was app-20261124.log, and app.log. */
function withoutMarks(name: string): readonly string[] {
  const marks = [...name.matchAll(MARK)].reverse();
  const names: string[] = [];
  let rest = name;
  for (const { index, 0: mark } of marks) {
    rest = rest.slice(0, index) + rest.slice(index + mark.length);
    names.push(rest);
  }
  return names;
}

/** The name up to each separator: a.log.1.bak may have been a.log.1, a.log and a. */
function prefixes(name: string): readonly string[] {
  const ends = [...name.matchAll(/[-._]/g)].map((match) => match.index).filter((at) => at > 0);
  return ends.map((at) => name.slice(0, at));
}
