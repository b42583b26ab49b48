// Parses YAML text to trees with places, and writes values as YAML. Only this file uses the YAML library. It accepts YAML 1.2
// with one document, and limits the cost of alias bombs and deep nesting.
import type { Node, Pair } from "yaml";
import { isAlias, isMap, isScalar, isSeq, parseDocument, stringify } from "yaml";
import type { Fault } from "../faults/fault.ts";
import type { Place, Source } from "./place.ts";
import type { Entry, Tree } from "./tree.ts";

const MOST_NODES = 100_000;
const MOST_DEPTH = 40;

/** The tree of a text; undefined, with one fault, if the text is not YAML. Duplicate keys are faults, but yield a tree. */
export function parseYaml(source: Source, faults: Fault[], base = 0): Tree | undefined {
  const text = (source.text ?? "").slice(base);
  const document = parseDocument(text, {
    uniqueKeys: false,
    prettyErrors: false,
    stringKeys: true,
    logLevel: "error",
  });
  const wrong = document.errors[0] ?? document.warnings[0];
  try {
    if (wrong) throw new Unreadable(sentence(wrong.message), wrong.pos);
    const resolve = (node: Node): Node | undefined => (isAlias(node) ? node.resolve(document) : undefined);
    return new Reader(source, base, faults, resolve).tree(document.contents, 0);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    // A missing end is detected at the end of the text; point at the last line that is not blank.
    const from = base + Math.min(error.pos[0], Math.max(0, text.trimEnd().length - 1));
    faults.push(syntaxFault({ source, from, to: Math.max(base + error.pos[1], from + 1) }, error.message));
    return undefined;
  }
}

export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function syntaxFault(at: Place, why: string): Fault {
  return {
    code: "yaml-syntax",
    severity: "error",
    at,
    message: `not valid YAML: ${why}`,
    help: "indent with spaces, quote texts that begin with one of `* & ! % @ [ {` or contain `: `, ` #`, or `${` inside of `{ }`",
  };
}

/** The parser's message without its quotes from the text, which may contain a secret. */
function sentence(message: string): string {
  const first = (message.split("\n")[0] ?? "").replace(/(\w): .*$/, "$1").replace(/[.:]$/, "");
  return first.charAt(0).toLowerCase() + first.slice(1);
}

/** Thrown at the first error that makes a text unreadable; the rest of the text is not parsed. */
class Unreadable extends Error {
  readonly pos: readonly [from: number, to: number];

  constructor(message: string, pos: readonly [from: number, to: number] = [0, 1]) {
    super(message);
    this.pos = pos;
  }
}

class Reader {
  private readonly source: Source;
  private readonly base: number;
  private readonly faults: Fault[];
  private readonly resolve: (node: Node) => Node | undefined;
  private nodes = 0;

  constructor(source: Source, base: number, faults: Fault[], resolve: (node: Node) => Node | undefined) {
    this.source = source;
    this.base = base;
    this.faults = faults;
    this.resolve = resolve;
  }

  tree(node: Node | null, depth: number): Tree {
    if (++this.nodes > MOST_NODES) throw new Unreadable(`more than ${MOST_NODES} values, aliases counted each time`);
    if (depth > MOST_DEPTH)
      throw new Unreadable(`nested deeper than ${MOST_DEPTH} levels, or an alias inside of itself`);
    const target = node && isAlias(node) ? this.resolve(node) : node;
    if (target === undefined) {
      const [from, to] = node?.range ?? [0, 1];
      throw new Unreadable("an alias without the anchor that it names", [from, to]);
    }
    const at = this.place(target);
    if (isMap(target))
      return { kind: "map", at, entries: this.entries(target.items as Pair<Node, Node | null>[], depth) };
    if (isSeq(target))
      return { kind: "list", at, items: target.items.map((item) => this.tree(item as Node, depth + 1)) };
    const value = isScalar(target) ? target.value : null;
    return { kind: "scalar", at, value: plain(value), raw: undefined };
  }

  private entries(pairs: readonly Pair<Node, Node | null>[], depth: number): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const pair of pairs) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      const key = this.place(pair.key);
      const first = entries.get(name);
      if (first) {
        this.faults.push({
          code: "duplicate-key",
          severity: "error",
          at: key,
          message: `key \`${name}\` stands twice in one map`,
          help: "keep one of them",
          related: { at: first.key, note: "first here" },
        });
        continue;
      }
      entries.set(name, { key, value: this.value(pair, key, depth) });
    }
    return entries;
  }

  /** A missing value gets the place of its key. */
  private value(pair: Pair<Node, Node | null>, key: Place, depth: number): Tree {
    const value = this.tree(pair.value, depth + 1);
    return value.kind === "scalar" && value.at.to === value.at.from ? { ...value, at: key } : value;
  }

  private place(node: Node | null): Place {
    const [from, to] = node?.range ?? [0, 0];
    return { source: this.source, from: this.base + from, to: this.base + to };
  }
}

function plain(value: unknown): string | number | boolean | null {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "bigint" ? String(value) : null;
}
