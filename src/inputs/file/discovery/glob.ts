// Path patterns: which files match, and which directories can lead to a match. Names that begin with a dot match like any
// other, as in Filebeat and Vector.
import { basename, dirname, resolve, sep } from "node:path";
import picomatch from "picomatch";

type Test = (text: string) => boolean;

const OPTIONS = { dot: true } as const;

export interface Pattern {
  /** The part without wildcards: a directory, or the file itself. */
  readonly base: string;
  readonly kind: "glob" | "literal";
  readonly matches: Test;
  /** Tests of the directory names below `base`, level by level. */
  readonly levels: readonly Test[];
  /** What follows below the last level: only files, or directories of any depth (from `**` on). */
  readonly below: "files" | "any";
}

export function compile(pattern: string): Pattern {
  const absolute = resolve(pattern);
  const { base, glob, isGlob } = picomatch.scan(absolute);
  if (!isGlob) return { base: absolute, kind: "literal", matches: (p) => p === absolute, levels: [], below: "files" };
  // Braces and parentheses may hold a slash: then the levels are unknown.
  const segments = /[{(][^})]*\//.test(glob) ? ["**"] : glob.split("/");
  const deep = segments.findIndex((segment) => segment.includes("**"));
  const levels = segments.slice(0, deep < 0 ? -1 : deep).map((segment) => picomatch(segment, OPTIONS));
  const matches = picomatch(absolute, OPTIONS);
  return { base: base === "" ? sep : base, kind: "glob", matches, levels, below: deep < 0 ? "files" : "any" };
}

/** Archives, and compressed logs other than gzip: their bytes are no text. */
const COMPRESSED = /\.(?:tar\.gz|tgz|bz2|xz|zst|lz4|lzma|Z|zip)$/;

/** Returns a test for excluded paths. Patterns without a slash match the last part of the path. */
export function excluding(patterns: readonly string[]): Test {
  const tests = patterns.map((pattern): Test => {
    const test = picomatch(pattern, OPTIONS);
    return pattern.includes(sep) ? test : (path) => test(basename(path));
  });
  return (path) => COMPRESSED.test(path) || tests.some((test) => test(path));
}

/** May a directory with this name, `level` levels below the base, lead to a match? */
export function enters(pattern: Pattern, name: string, level: number): boolean {
  const test = pattern.levels[level];
  return test === undefined ? pattern.below === "any" : test(name);
}

/** The directory from which everything that matches can be reached. */
export function rootOf(pattern: Pattern): string {
  return pattern.kind === "glob" ? pattern.base : dirname(pattern.base);
}

/** Whether directories below the root may lead to a match. */
export function reaches({ levels, below }: Pattern): boolean {
  return levels.length > 0 || below === "any";
}

/** Is this directory on the way to a match, above the root or below it? */
export function leads(pattern: Pattern, directory: string): boolean {
  const root = rootOf(pattern);
  if (directory === root || root.startsWith(slashed(directory))) return true;
  const prefix = slashed(root);
  if (!directory.startsWith(prefix)) return false;
  return directory
    .slice(prefix.length)
    .split(sep)
    .every((name, level) => enters(pattern, name, level));
}

function slashed(directory: string): string {
  return directory.endsWith(sep) ? directory : directory + sep;
}
