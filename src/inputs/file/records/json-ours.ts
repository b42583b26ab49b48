// What a document has itself, by paths, and what a member of a record at some path is beside that. A name with dots is a
// path, as it is for the server. The kernel's json-names.ts says the same of bytes.
import { DOCUMENT_PATHS, SERVERS_OWN } from "../../../core/document.ts";
import { fieldTree, isTree, type Tree } from "../../../core/field-tree.ts";

/** free: a document has nothing there. leaf: its path is that of one of ours, or leads through it. inner: ours lie below. */
export type Meaning = "free" | "leaf" | "inner";

interface Branch extends Map<string, Branch | "leaf"> {}

export interface Ours {
  /** Of the values of a document, but for `message`, which is the record's own. */
  readonly paths: readonly string[];
  /** The same by the parts of their names. */
  readonly tree: Branch;
  /** Whose `log.level` is where no level is recognised in a record: the input's `fields` may have one. */
  readonly level: "constant" | "record";
}

export function oursOf(fields: Readonly<Record<string, unknown>>): Ours {
  const { message: _message, ...others } = fieldTree(fields);
  const { log } = others;
  const tree: Branch = new Map();
  // A field that claims the place of one of ours does not stand in a document.
  const paths = [...DOCUMENT_PATHS, ...SERVERS_OWN, ...leaves(others, "")].filter((path) => plant(tree, path));
  return { paths, tree, level: isTree(log) && log["level"] !== undefined ? "constant" : "record" };
}

function leaves(tree: Tree, prefix: string): readonly string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leaves(value, `${prefix}${name}.`) : [prefix + name],
  );
}

/** False: something stands there, or on the way. */
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

export function meaningOf(path: string, { tree }: Ours): Meaning {
  let branch: Branch = tree;
  for (const part of path.split(".")) {
    const next = branch.get(part);
    if (next === undefined) return "free";
    if (next === "leaf") return next;
    branch = next;
  }
  return "inner";
}
