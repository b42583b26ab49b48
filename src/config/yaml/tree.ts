// The parsed configuration as a tree in which every value has its place, so that after merging layers faults still point into
// the right file. Trees are immutable: merging and substituting create new ones.
import type { Place } from "./place.ts";

export interface Scalar {
  readonly kind: "scalar";
  readonly at: Place;
  readonly value: string | number | boolean | null;
  /** The text before substitution; undefined if nothing was substituted. */
  readonly raw: string | undefined;
}
export interface Mapping {
  readonly kind: "map";
  readonly at: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}
export interface Entry {
  readonly key: Place;
  readonly value: Tree;
}
export interface Sequence {
  readonly kind: "list";
  readonly at: Place;
  readonly items: readonly Tree[];
}
export type Tree = Scalar | Mapping | Sequence;
export type Path = readonly (string | number)[];

/** The value at a path, undefined if there is none. */
export function find(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const step of path) {
    if (at?.kind === "map") at = at.entries.get(String(step))?.value;
    else if (at?.kind === "list") at = at.items[Number(step)];
    else return undefined;
  }
  return at;
}

/** The place of the key of a path's value; undefined for list items, the root, and missing keys. */
export function keyPlace(tree: Tree, path: Path): Place | undefined {
  const parent = find(tree, path.slice(0, -1));
  return path.length > 0 && parent?.kind === "map" ? parent.entries.get(String(path.at(-1)))?.key : undefined;
}

/** The nearest place for a path that may not exist: the value, else the closest key above, else the root. */
export function nearest(tree: Tree, path: Path): Place {
  const value = find(tree, path);
  if (value?.kind === "scalar") return value.at;
  for (let length = path.length; length > 0; length--) {
    const key = keyPlace(tree, path.slice(0, length));
    if (key) return key;
    const item = find(tree, path.slice(0, length));
    if (item) return firstKey(item) ?? item.at;
  }
  return firstKey(tree) ?? tree.at;
}

function firstKey(tree: Tree): Place | undefined {
  return tree.kind === "map" ? tree.entries.values().next().value?.key : undefined;
}

/** Calls `visit` for each scalar. */
export function eachScalar(tree: Tree, visit: (scalar: Scalar, path: Path) => void, path: Path = []): void {
  if (tree.kind === "scalar") visit(tree, path);
  else if (tree.kind === "list") tree.items.forEach((item, i) => eachScalar(item, visit, [...path, i]));
  else for (const [key, entry] of tree.entries) eachScalar(entry.value, visit, [...path, key]);
}

/** A copy of the tree with each scalar replaced. */
export function mapScalars(tree: Tree, change: (scalar: Scalar) => Scalar): Tree {
  if (tree.kind === "scalar") return change(tree);
  if (tree.kind === "list") return { ...tree, items: tree.items.map((item) => mapScalars(item, change)) };
  const entries = [...tree.entries].map(
    ([key, entry]) => [key, { key: entry.key, value: mapScalars(entry.value, change) }] as const,
  );
  return { ...tree, entries: new Map(entries) };
}

/** A path for messages. List indexes are left out, because the place shows them. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
