// Converts a tree to a plain value for the schema. It reports unknown and reserved keys and wrong types such as a map instead
// of a list, fills in empty sections, and converts the booleans of YAML 1.1, so that the schema need not handle these.
import type { Report } from "../faults/report.ts";
import { reservedKey } from "../faults/reserved.ts";
import { SET_SOURCE } from "../yaml/set.ts";
import { shapeOf } from "./shape.ts";
import type { Keys } from "./shape.ts";
import { foreignKey } from "../faults/foreign.ts";
import { nearestWord } from "../faults/suggest.ts";
import type { Mapping, Path, Tree } from "../yaml/tree.ts";
import { pathText } from "../yaml/tree.ts";
import type { Schema } from "./vocabulary.ts";

/** @returns the plain value, undefined if the tree has the wrong type */
export function fit(schema: Schema, tree: Tree, report: Report, path: Path = []): unknown {
  // Skip what was rejected as a whole, such as an input of a reserved type.
  if (!report.reached(path)) return undefined;
  const shape = shapeOf(schema);
  const empty = tree.kind === "scalar" && tree.value === null;
  switch (shape.kind) {
    case "section":
    case "table":
    case "either": {
      if (empty && shape.kind !== "either") return {};
      if (tree.kind !== "map") return wrongType(report, path, tree, "a map");
      if (shape.kind === "section") return fitSection(shape.keys, tree, report, path);
      if (shape.kind === "table") return fitTable(shape.value, tree, report, path);
      return fitEither(shape.key, shape.sections, tree, report, path);
    }
    case "list": {
      if (empty) return [];
      const one = tree.kind === "scalar" && tree.at.source.name === SET_SOURCE;
      if (tree.kind !== "list" && !one) return wrongType(report, path, tree, "a list");
      const items = tree.kind === "list" ? tree.items : [tree];
      return items.map((item, i) => fit(shape.item, item, report, one ? path : [...path, i]));
    }
    default:
      if (isAnything(shape.json)) return plainOf(tree);
      if (takesList(shape.json)) {
        return tree.kind === "map" ? wrongType(report, path, tree, "a single value or a list") : plainOf(tree);
      }
      if (tree.kind !== "scalar") return wrongType(report, path, tree, "a single value");
      return shape.kind === "flag" ? fitFlag(tree.value, report, path) : tree.value;
  }
}

function isAnything(json: object): boolean {
  return Object.keys(json).length === 0;
}

/** Whether a special kind may be written as a single value or as a list. */
function takesList({ anyOf }: { readonly anyOf?: readonly { readonly type?: string }[] }): boolean {
  return anyOf?.some(({ type }) => type === "array") ?? false;
}

function fitSection(keys: Keys, tree: Mapping, report: Report, path: Path): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, entry] of tree.entries) {
    const schema = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (schema) value[name] = fit(schema, entry.value, report, [...path, name]);
    else unknownKey(name, keys, report, path);
  }
  return value;
}

function fitTable(schema: Schema, tree: Mapping, report: Report, path: Path): Record<string, unknown> {
  const entries = [...tree.entries].map(([name, entry]) => [name, fit(schema, entry.value, report, [...path, name])]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function fitEither(
  key: string,
  sections: ReadonlyMap<string, Keys>,
  tree: Mapping,
  report: Report,
  path: Path,
): unknown {
  const word = tree.entries.get(key)?.value;
  if (!word) return missing(report, [...path, key], sections);
  const known = word.kind === "scalar" ? sections.get(String(word.value)) : undefined;
  if (known) return fitSection(known, tree, report, path);
  const given = word.kind === "scalar" ? String(word.raw ?? word.value) : "";
  const near = nearestWord(given, sections.keys());
  report.error([...path, key], {
    code: "bad-value",
    message: `\`${key}\` is \`${given}\`${near ? `; did you mean \`${near}\`?` : ""}`,
    help: `one of ${[...sections.keys()].map((name) => `\`${name}\``).join(", ")}`,
  });
  return undefined;
}

function missing(report: Report, path: Path, sections: ReadonlyMap<string, Keys>): undefined {
  report.error(path, {
    code: "missing-key",
    message: `\`${pathText(path)}\` is missing`,
    help: `one of ${[...sections.keys()].map((name) => `\`${name}\``).join(", ")}`,
  });
  return undefined;
}

function unknownKey(name: string, keys: Keys, report: Report, path: Path): void {
  const known = Object.keys(keys);
  const key = [...path, name];
  const reserved = reservedKey(key);
  if (reserved) return report.error(key, { code: "reserved", point: "key", ...reserved });
  const foreign = foreignKey(pathText(key));
  const near = foreign === undefined ? (nearestWord(name, known) ?? below(name, keys)) : undefined;
  const shown = known.slice(0, 9).join(" ");
  const parent = path.length === 0 ? "the file" : `\`${pathText(path)}\``;
  report.error(key, {
    code: "unknown-key",
    point: "key",
    message: `\`${pathText(key)}\` is not a key${foreign ? `; ${foreign}` : ""}${near ? `; did you mean \`${near}\`?` : ""}`,
    help: `keys of ${parent}: ${shown}${known.length > 9 ? " ..." : ""}`,
  });
}

/** Suggests a similar key one level deeper, as a path. */
function below(name: string, keys: Keys): string | undefined {
  for (const [parent, schema] of Object.entries(keys)) {
    const shape = shapeOf(schema);
    const near = shape.kind === "section" ? nearestWord(name, Object.keys(shape.keys)) : undefined;
    if (near !== undefined) return `${parent}.${near}`;
  }
  return undefined;
}

function wrongType(report: Report, path: Path, tree: Tree, wanted: string): undefined {
  const given = { map: "a map", list: "a list", scalar: "a single value" }[tree.kind];
  const help =
    {
      "a map": "`key: value` lines below it",
      "a list": "`[a, b]`, or a line with `- ` for each",
      "a single value": "one value on the same line",
    }[wanted] ?? wanted;
  const name = path.length === 0 ? "the configuration" : `\`${pathText(path)}\``;
  report.error(path, { code: "wrong-type", point: "key", message: `${name} is ${given}, needs ${wanted}`, help });
  return undefined;
}

const YAML_1_1: Readonly<Record<string, boolean>> = { yes: true, on: true, y: true, no: false, off: false, n: false };

function fitFlag(value: unknown, report: Report, path: Path): unknown {
  const meant = typeof value === "string" ? YAML_1_1[value.toLowerCase()] : undefined;
  if (meant === undefined) return value;
  report.warning(path, {
    code: "yaml-boolean",
    message: `\`${pathText(path)}\` is the word \`${String(value)}\`, read as ${meant}`,
    help: `\`${meant}\`: in YAML 1.2 \`${String(value)}\` is a text`,
  });
  return meant;
}

function plainOf(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(plainOf);
  return Object.fromEntries([...tree.entries].map(([name, entry]) => [name, plainOf(entry.value)]));
}
