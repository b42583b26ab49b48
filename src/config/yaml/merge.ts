// Merges layers into one tree: maps are merged, lists replaced, `inputs` merged by id. The later layer wins.
import type { Entry, Mapping, Sequence, Tree } from "./tree.ts";

export function mergeLayers(layers: readonly Tree[]): Tree | undefined {
  return layers.reduce<Tree | undefined>((low, high) => (low ? mergeRoot(low, high) : high), undefined);
}

function mergeRoot(low: Tree, high: Tree): Tree {
  const inputs = [low, high].map((tree) => (tree.kind === "map" ? tree.entries.get("inputs") : undefined));
  const merged = merge(low, high);
  const [before, after] = inputs;
  if (merged.kind !== "map" || before?.value.kind !== "list" || after?.value.kind !== "list") return merged;
  const value = mergeInputs(before.value, after.value);
  return { ...merged, entries: new Map([...merged.entries, ["inputs", { key: after.key, value }]]) };
}

function merge(low: Tree, high: Tree): Tree {
  // An empty section does not remove the layers below: all its keys may just be commented out.
  if (high.kind === "scalar" && high.value === null && low.kind !== "scalar") return low;
  return low.kind === "map" && high.kind === "map" ? mergeMaps(low, high) : high;
}

function mergeMaps(low: Mapping, high: Mapping): Mapping {
  const entries = new Map<string, Entry>(low.entries);
  for (const [name, entry] of high.entries) {
    const before = entries.get(name);
    entries.set(name, before ? { key: entry.key, value: merge(before.value, entry.value) } : entry);
  }
  return { ...high, entries };
}

/** Inputs merge only across layers: two inputs with the same id in one file are a fault. */
function mergeInputs(low: Sequence, high: Sequence): Sequence {
  const items = [...low.items];
  for (const item of high.items) {
    const id = idOf(item);
    const at = id === undefined ? -1 : low.items.findIndex((other) => idOf(other) === id);
    if (at < 0) items.push(item);
    else items[at] = merge(items[at] as Tree, item);
  }
  return { ...high, items };
}

function idOf(item: Tree): string | undefined {
  const id = item.kind === "map" ? item.entries.get("id")?.value : undefined;
  return id?.kind === "scalar" && id.value !== null ? String(id.value) : undefined;
}
