// V8's linear engine supports counts up to 16, nested counts multiplied. This file rewrites larger counts without changing what
// the expression matches: `\d{13,19}` becomes `\d{13}\d{0,6}`, `(?:ab){20}` becomes `(?:ab){16}(?:ab){4}`. Repeated groups become
// non-capturing, so an expression with references to groups is left as it is.

const MOST_COUNT = 16;
/** Longest rewritten expression in characters. If it would be longer, the expression stays as it is. */
const MOST_LENGTH = 20_000;

interface Part {
  readonly text: string;
  /** The largest count in the text, nested counts multiplied. */
  readonly count: number;
}

/** @param source an expression that JavaScript accepts, without flags */
export function writeOutCounts(source: string): string {
  if (/\\[1-9]|\\k</.test(source)) return source;
  const { text } = sequence(source);
  return text.length > MOST_LENGTH ? source : text;
}

const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[a-zA-Z]|.)/sy;
const CLASS = /\[(?:\\.|[^\]\\])*\]/sy;
const GROUP = /\((?:\?(?:<[^>=!]+>|<[=!]|[a-z-]*[:=!]))?/y;
const COUNT = /\{(\d+)(,?)(\d*)\}(\??)/y;

function sequence(source: string): Part {
  let text = "";
  let count = 1;
  for (let at = 0; at < source.length && text.length <= MOST_LENGTH;) {
    const opening = matchAt(GROUP, source, at)?.[0];
    const end = opening === undefined ? atomEnd(source, at) : closing(source, at) + 1;
    const atom = opening === undefined ? { text: source.slice(at, end), count: 1 } : group(source, at, end, opening);
    const counted = matchAt(COUNT, source, end);
    const part = counted === undefined ? atom : repeat(atom, counted);
    text += part.text;
    count = Math.max(count, part.count);
    at = end + (counted?.[0].length ?? 0);
  }
  return { text, count };
}

function group(source: string, at: number, end: number, opening: string): Part {
  const { text, count } = sequence(source.slice(at + opening.length, end - 1));
  return { text: `${opening}${text})`, count };
}

function repeat(atom: Part, [whole, least, comma, most, lazy = ""]: readonly (string | undefined)[]): Part {
  const from = Number(least);
  const to = comma === "" ? from : most === "" ? Infinity : Number(most);
  const highest = to === Infinity ? from : to;
  if (highest * atom.count <= MOST_COUNT) return { text: atom.text + whole, count: Math.max(1, highest) * atom.count };
  if (highest * atom.text.length > MOST_LENGTH) return { text: "x".repeat(MOST_LENGTH + 1), count: 1 };
  const text = atom.text.replace(/^\((?:\?<[^>=!]+>)?(?!\?)/, "(?:");
  const size = Math.max(1, Math.floor(MOST_COUNT / atom.count));
  const needed = inParts(from, size, (n) => (n === 1 ? text : `${text}{${n}}`));
  const optional = (n: number): string => (n === 1 ? `${text}?${lazy}` : `${text}{0,${n}}${lazy}`);
  const more = to === Infinity ? `${text}*${lazy}` : inParts(to - from, size, optional);
  return { text: needed + more, count: size * atom.count };
}

function inParts(count: number, size: number, part: (n: number) => string): string {
  const rest = count % size;
  return part(size).repeat(Math.floor(count / size)) + (rest === 0 ? "" : part(rest));
}

function atomEnd(source: string, at: number): number {
  const part = matchAt(ESCAPE, source, at) ?? matchAt(CLASS, source, at);
  return at + (part?.[0].length ?? 1);
}

/** The position of the parenthesis that closes the one at `from`. */
function closing(source: string, from: number): number {
  let depth = 0;
  let at = from;
  for (; at < source.length; at = atomEnd(source, at)) {
    if (source[at] === "(") depth++;
    else if (source[at] === ")" && --depth === 0) break;
  }
  return at;
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | undefined {
  expression.lastIndex = at;
  return expression.exec(text) ?? undefined;
}
