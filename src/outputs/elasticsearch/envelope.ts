// What all documents of an envelope have in common, as JSON in the order in which the kernel lays a document out:
//
//   ..."message":"MESSAGE  path  OFFSET  level  close  tail
//
// What must hold: each key stands once in a document. Constant fields with dots in their names become objects and share
// them with ours (log.*, host.*, event.*); where a constant field and ours are the same thing, ours stays. A constant
// log.level stays where a record has none of its own: the kernel writes that one in place of `level`.
import type { Envelope } from "../../core/chunk.ts";

export interface EnvelopeText {
  readonly path: string;
  readonly level: string;
  readonly close: string;
  readonly tail: string;
}

interface Tree {
  [key: string]: unknown;
}

export function renderEnvelope(envelope: Envelope): EnvelopeText {
  const fields = tree();
  for (const [name, value] of Object.entries(envelope.fields)) plant(fields, name.split("."), value);
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

/** Without a prototype: a field may be called __proto__. */
function tree(): Tree {
  return Object.create(null) as Tree;
}

function branch(value: unknown): Tree {
  return isObject(value) ? value : tree();
}

function isObject(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a.b.c; of two fields that claim the same place, objects merge and otherwise the later one stays. */
function plant(into: Tree, names: readonly string[], value: unknown): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0 && !isObject(value)) {
    into[name] = value;
    return;
  }
  const child = isObject(into[name]) ? into[name] : tree();
  into[name] = child;
  if (rest.length > 0) plant(child, rest, value);
  else for (const [key, inner] of Object.entries(value as Tree)) plant(child, key.split("."), inner);
}
