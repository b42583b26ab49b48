// Reads the project's own files for tests about the code itself: the imports of each file, and its code with comments and
// string contents blanked, so that a rule about calls does not match text.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Same length and lines as `text`; comments, strings and regular expressions are blank inside. */
  readonly code: string;
  /** Imported files of this project, relative to the root; includes type imports and dynamic imports. */
  readonly imports: readonly string[];
  /** Third-party packages. */
  readonly packages: readonly string[];
}

/** Directories of generated or third-party files. */
const NOT_OURS = new Set(["node_modules", "dist", "build", ".git", ".cache"]);

/** Every file of the checkout, generated ones left out. */
export function allFiles(folder = ""): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (NOT_OURS.has(entry.name)) return [];
    return entry.isDirectory() ? allFiles(path) : [path];
  });
}

/** TypeScript files below a folder. */
export function sourceFiles(folder: string): SourceFile[] {
  return allFiles(folder)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => parse(path, readFileSync(join(ROOT, path), "utf8")));
}

export function parse(path: string, text: string): SourceFile {
  const code = blank(text);
  const specifiers = importsIn(code, text);
  const ours = specifiers.filter((name) => name.startsWith("."));
  const imports = ours.map((name) => normalize(join(dirname(path), name))).map(withExtension);
  const packages = specifiers.filter((name) => !name.startsWith(".") && !name.startsWith("node:")).map(packageOf);
  return { path, text, code, imports, packages: [...new Set(packages)] };
}

/** The shortest chain of imports from one file to another, both ends included. */
export function wayBetween(files: readonly SourceFile[], from: string, to: string): string[] | undefined {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const ways = [...(imports.get(from) ?? [])].map((next) => [from, next]);
  const seen = new Set<string>();
  for (const way of ways) {
    const last = way.at(-1) as string;
    if (last === to) return way;
    if (seen.has(last)) continue;
    seen.add(last);
    for (const next of imports.get(last) ?? []) ways.push([...way, next]);
  }
  return undefined;
}

/** The given files and everything they import, directly or indirectly. */
export function reachable(files: readonly SourceFile[], roots: readonly string[]): Set<string> {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const seen = new Set(roots);
  for (const path of seen) for (const next of imports.get(path) ?? []) seen.add(next);
  return seen;
}

/** Finds `from "x"`, `import "x"`, `import("x")`, and the entry files of workers, which are named by URL. */
function importsIn(code: string, text: string): string[] {
  const found: string[] = [];
  for (const match of code.matchAll(/\b(?:from\s+|import\s*\(?\s*)"( *)"/g)) {
    const end = match.index + match[0].length - 1;
    found.push(text.slice(end - (match[1] as string).length, end));
  }
  for (const match of text.matchAll(/"(\.\/[\w-]*worker\.ts)"/g)) found.push(match[1] as string);
  return found;
}

/** Imports in AssemblyScript have no extension. */
function withExtension(path: string): string {
  return /\.\w+$/.test(path) || !existsSync(join(ROOT, `${path}.ts`)) ? path : `${path}.ts`;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

const SPACES = (text: string): string => text.replace(/[^\n]/g, " ");
/** One token each to be blanked: a comment, a quoted string, a regular expression. */
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const REGEXP = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** A slash after one of these begins a regular expression; after anything else it divides. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\n]|=>|\breturn|\bcase)\s*$/;

function blank(text: string): string {
  let code = "";
  /** Brace depth at which each open template literal resumes. */
  const templates: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const token = match(COMMENT, text, at) ?? match(STRING, text, at) ?? regexpAt(text, at, code);
    if (token !== undefined) {
      const inside = token.startsWith("/") ? SPACES(token) : `"${SPACES(token.slice(1, -1))}"`;
      code += inside;
      at += token.length;
      continue;
    }
    const char = text[at] as string;
    const resumes = char === "}" && templates.at(-1) === depth;
    if (char === "`" || resumes) {
      if (resumes) templates.pop();
      const end = endOfTemplate(text, at + 1);
      code += `${resumes ? "}" : "`"}${SPACES(text.slice(at + 1, end))}`;
      const opens = text[end] === "$";
      code += opens ? "${" : "`";
      if (opens) templates.push(depth);
      at = end + (opens ? 2 : 1);
      continue;
    }
    if (char === "{") depth++;
    if (char === "}") depth--;
    code += char;
    at++;
  }
  return code;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function regexpAt(text: string, at: number, before: string): string | undefined {
  if (text[at] !== "/" || !BEFORE_REGEXP.test(before.slice(-20))) return undefined;
  return match(REGEXP, text, at);
}

/** End of a template's literal part: its closing backtick, or `${`. */
function endOfTemplate(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`" || (text[at] === "$" && text[at + 1] === "{")) return at;
  }
  return text.length;
}
