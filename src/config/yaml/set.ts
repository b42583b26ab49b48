// Parses `--set a.b=value`, the layers above all files. Each option becomes a tree whose places point into a text with one
// option per line, so that faults are shown like those in a file. After `inputs`, the next word is the id of an input.
import { EXIT, SpillwayError } from "../../core/errors.ts";
import type { Fault } from "../faults/fault.ts";
import type { Place, Source } from "./place.ts";
import type { Tree } from "./tree.ts";
import { parseYaml } from "./yaml.ts";

export const SET_SOURCE = "--set";

export function parseSets(options: readonly string[]): { readonly source: Source; readonly layers: readonly Tree[] } {
  const source = { name: SET_SOURCE, text: options.map((option) => option.replaceAll("\n", " ")).join("\n") };
  let from = 0;
  const layers = options.map((option) => {
    const layer = parseSet(source, option.length, from);
    from += option.length + 1;
    return layer;
  });
  return { source, layers };
}

function parseSet(source: Source, length: number, from: number): Tree {
  const option = (source.text ?? "").slice(from, from + length);
  const equals = option.indexOf("=");
  const words = option.slice(0, equals).split(".");
  if (equals < 0 || words.some((word) => word === "" || /:\s/.test(word))) {
    // What stands behind a colon or a space may be a secret: `output.headers.Authorization: ...`.
    const key = /^[^:\s]*/.exec(equals < 0 ? option : option.slice(0, equals))?.[0] ?? "";
    throw new SpillwayError("usage", `\`--set ${key}\` is not of the form KEY=VALUE`, {
      exit: EXIT.usage,
      hint: "for example `--set buffer.memory=32MiB`",
    });
  }
  const at = { source, from, to: from + equals };
  return words.reduceRight<Tree>(
    (value, word, depth) => wrap(words, depth, word, at, value),
    parseValue(source, from + equals + 1, from + length),
  );
}

/** Wraps a value in one level of the path. */
function wrap(words: readonly string[], depth: number, word: string, at: Place, value: Tree): Tree {
  if (depth !== 1 || words[0] !== "inputs" || value.kind !== "map") {
    return { kind: "map", at, entries: new Map([[word, { key: at, value }]]) };
  }
  const id: Tree = { kind: "scalar", at, value: word, raw: undefined };
  const entries = new Map([["id", { key: at, value: id }], ...value.entries]);
  return { kind: "list", at, items: [{ kind: "map", at, entries }] };
}

/** Parses the value as YAML if it is valid (`[a, b]`, `7`, `"x"`), else takes the text: a password may begin with `#` or `*`. */
function parseValue(source: Source, from: number, to: number): Tree {
  const faults: Fault[] = [];
  const tree = parseYaml({ name: source.name, text: (source.text ?? "").slice(0, to) }, faults, from);
  const asText: Tree = {
    kind: "scalar",
    at: { source, from, to },
    value: (source.text ?? "").slice(from, to),
    raw: undefined,
  };
  if (!tree || faults.length > 0 || (tree.kind === "scalar" && tree.value === null)) return asText;
  return relocate(tree, source);
}

/** The value was parsed from a text that ends with it; moves its places to the full source. */
function relocate(tree: Tree, source: Source): Tree {
  const at = { ...tree.at, source };
  if (tree.kind === "scalar") return { ...tree, at };
  if (tree.kind === "list") return { ...tree, at, items: tree.items.map((item) => relocate(item, source)) };
  const entries = [...tree.entries].map(
    ([name, entry]) => [name, { key: { ...entry.key, source }, value: relocate(entry.value, source) }] as const,
  );
  return { ...tree, at, entries: new Map(entries) };
}
