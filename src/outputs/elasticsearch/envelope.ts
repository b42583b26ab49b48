// Renders the part that all documents of an envelope share, as JSON in the order in which the kernel writes a document:
//
//   ..."message":"MESSAGE  path  OFFSET  level  close  tail
//
// Invariant: each key appears once in a document. Constant fields with dots in their names become objects, merged with ours
// (log.*, host.*, event.*); if a constant field and one of ours have the same name, ours wins. A constant log.level is kept for
// records without a level of their own; otherwise the kernel writes the record's level in place of `level`. `path` begins with
// the quote that ends a message; the kernel omits that quote after the members of a JSON object.
import type { Envelope } from "../../core/chunk.ts";
import { emptyTree, fieldTree, isTree, type Tree } from "../../core/field-tree.ts";

export interface EnvelopeText {
  readonly path: string;
  readonly level: string;
  readonly close: string;
  readonly tail: string;
}

export function renderEnvelope(envelope: Envelope): EnvelopeText {
  const fields = fieldTree(envelope.fields);
  const { log, host, event, "@timestamp": _time, message: _message, ...others } = fields;
  const { file, level, offset: _offset, ...log_ } = branch(log);
  const { path: _path, ...file_ } = branch(file);
  return {
    path: `","log":{"file":${JSON.stringify({ path: envelope.path, ...file_ })},"offset":`,
    level: level === undefined ? "" : members({ level }),
    close: `${members(log_)}}`,
    tail: `${members({
      host: { ...branch(host), name: envelope.host },
      event: { ...branch(event), dataset: envelope.input },
      ...others,
    })}}\n`,
  };
}

/** `,"a":1,"b":2` */
function members(object: Tree): string {
  const json = JSON.stringify(object);
  return json === "{}" ? "" : `,${json.slice(1, -1)}`;
}

function branch(value: unknown): Tree {
  return isTree(value) ? value : emptyTree();
}
