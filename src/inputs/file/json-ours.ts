// What a document has itself, by paths, and what a member of a record at some path is beside that. A name with dots is a
// path, as it is for the server. The kernel's json-names.ts says the same of bytes.
import { DOCUMENT_PATHS, SERVERS_OWN } from "../../core/document.ts";
import { fieldTree, isTree, type Tree } from "../../core/field-tree.ts";

/** free: a document has nothing there. leaf: its path is that of one of ours, or leads through it. inner: ours lie below. */
export type Meaning = "free" | "leaf" | "inner";

export interface Ours {
  /** Of the values of a document, but for `message`, which is the record's own. */
  readonly paths: readonly string[];
  /** Whose `log.level` is where no level is recognised in a record: the input's `fields` may have one. */
  readonly level: "constant" | "record";
}

export function oursOf(fields: Readonly<Record<string, unknown>>): Ours {
  const { message: _message, ...others } = fieldTree(fields);
  const { log } = others;
  return {
    paths: [...new Set([...DOCUMENT_PATHS, ...SERVERS_OWN, ...leaves(others, "")])],
    level: isTree(log) && log["level"] !== undefined ? "constant" : "record",
  };
}

function leaves(tree: Tree, prefix: string): readonly string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leaves(value, `${prefix}${name}.`) : [prefix + name],
  );
}

export function meaningOf(path: string, { paths }: Ours): Meaning {
  for (const own of paths) {
    if (path === own || path.startsWith(`${own}.`)) return "leaf";
    if (own.startsWith(`${path}.`)) return "inner";
  }
  return "free";
}
