// Turns constant fields into the nested objects of a document: a name with dots becomes a path.

export interface Tree {
  [key: string]: unknown;
}

export function fieldTree(fields: Readonly<Record<string, unknown>>): Tree {
  const root = emptyTree();
  for (const [name, value] of Object.entries(fields)) plant(root, name.split("."), value);
  return root;
}

/** An object without prototype, since a field may be called __proto__. */
export function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets the value at the path `names`. If two fields claim the same place, objects are merged; otherwise the later field wins. */
function plant(into: Tree, names: readonly string[], value: unknown): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0 && !isTree(value)) {
    into[name] = value;
    return;
  }
  const child = isTree(into[name]) ? into[name] : emptyTree();
  into[name] = child;
  if (rest.length > 0) plant(child, rest, value);
  else for (const [key, inner] of Object.entries(value as Tree)) plant(child, key.split("."), inner);
}
