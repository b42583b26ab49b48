// The paths reserved for the document's own values, and how the path of a record's member relates to them. A name with dots is a
// path, as it is for the server. The kernel's json-names.ts does the same on bytes.
import { DOCUMENT_PATHS, SERVERS_OWN } from "../../../../core/document.ts";
import { fieldTree, isTree, type Tree } from "../../../../core/field-tree.ts";

/** free: not reserved. leaf: the path is reserved or leads through a reserved one. inner: reserved paths are below it. */
export type Meaning = "free" | "leaf" | "inner";

interface Branch extends Map<string, Branch | "leaf"> {}

export interface ReservedFields {
  /** The reserved paths. Not among them: `message`, which is the record's own. */
  readonly paths: readonly string[];
  /** The same paths as a tree of their parts. */
  readonly tree: Branch;
  /** Who gives `log.level` when no level is recognised. constant: the input's `fields`. record: the record itself. */
  readonly level: "constant" | "record";
}

export function reservedFields(fields: Readonly<Record<string, unknown>>): ReservedFields {
  const { message: _message, ...others } = fieldTree(fields);
  const { log } = others;
  const tree: Branch = new Map();
  // A field whose path conflicts with an earlier path is not part of documents.
  const paths = [...DOCUMENT_PATHS, ...SERVERS_OWN, ...leaves(others, "")].filter((path) => plant(tree, path));
  return { paths, tree, level: isTree(log) && log["level"] !== undefined ? "constant" : "record" };
}

function leaves(tree: Tree, prefix: string): readonly string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leaves(value, `${prefix}${name}.`) : [prefix + name],
  );
}

/** Adds a path to the tree. False: the path, or a part of it, is taken. */
function plant(tree: Branch, path: string): boolean {
  const parts = path.split(".");
  const last = parts.pop() as string;
  let branch = tree;
  for (const part of parts) {
    const next = branch.get(part) ?? new Map<string, Branch | "leaf">();
    if (next === "leaf") return false;
    branch.set(part, next);
    branch = next;
  }
  if (branch.has(last)) return false;
  branch.set(last, "leaf");
  return true;
}

export function meaningOf(path: string, { tree }: ReservedFields): Meaning {
  let branch: Branch = tree;
  for (const part of path.split(".")) {
    const next = branch.get(part);
    if (next === undefined) return "free";
    if (next === "leaf") return next;
    branch = next;
  }
  return "inner";
}
