// Path patterns: which files are meant, and which directories can lead to one. Names that begin with a dot are matched
// like any other, as Filebeat and Vector do.
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
  /** Below the last level: only files, or directories of any depth (a ** comes there). */
  readonly below: "files" | "any";
}

export function compile(pattern: string): Pattern {
  const absolute = resolve(pattern);
  const { base, glob, isGlob } = picomatch.scan(absolute);
  if (!isGlob) return { base: absolute, kind: "literal", matches: (p) => p === absolute, levels: [], below: "files" };
  // Braces and parentheses may hold a slash: no level can be told then.
  const segments = /[{(][^})]*\//.test(glob) ? ["**"] : glob.split("/");
  const deep = segments.findIndex((segment) => segment.includes("**"));
  const levels = segments.slice(0, deep < 0 ? -1 : deep).map((segment) => picomatch(segment, OPTIONS));
  const matches = picomatch(absolute, OPTIONS);
  return { base: base === "" ? sep : base, kind: "glob", matches, levels, below: deep < 0 ? "files" : "any" };
}

/** Archives, and what compressing a log makes of it, but for gzip: its bytes are no text. */
const COMPRESSED = /\.(?:tar\.gz|tgz|bz2|xz|zst|lz4|lzma|Z|zip)$/;

/** Which paths are left out. Patterns without a slash are about the last part of the path. */
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
