// Parses the body of a bulk request and decides about each document. Invariants: an action line in the form that spillway sends
// is recognized by its bytes alone, in a quarter of a microsecond per document, and any other form is parsed as JSON; an invalid
// action line fails the whole request, with the documents before it already stored.
import { Dice } from "./faults.ts";
import type { Faults } from "./faults.ts";
import type { Incoming, Store } from "./store.ts";

export interface Item {
  readonly operation: "create" | "index";
  readonly index: string;
  readonly id: string;
  readonly status: number;
}

export interface BulkResult {
  readonly documents: number;
  /** Undefined if every document was created, by `operation`. */
  readonly items: readonly Item[] | undefined;
  readonly operation: "create" | "index";
}

/** The body as a whole is malformed; the response is 400. */
export class MalformedBulk extends Error {}

const NEWLINE = 10;
const FAST = [Buffer.from('{"create":{"_id":"'), Buffer.from('{"index":{"_id":"')] as const;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Action {
  operation: "create" | "index";
  index: string;
  idFrom: number;
  idTo: number;
}

export class BulkReader {
  private readonly store: Store;
  private readonly dice = new Dice();

  constructor(store: Store) {
    this.store = store;
  }

  /** @param target the index in the path, or "" */
  apply(body: Buffer, target: string, faults: Faults): BulkResult {
    if (body.length === 0 || body[body.length - 1] !== NEWLINE)
      throw new MalformedBulk("The bulk request must be terminated by a newline [\\n]");
    const items: Item[] = [];
    const incoming: Incoming = { body, idFrom: 0, idTo: 0, docFrom: 0, docTo: 0 };
    const misfit = new Occurrences(body, faults.mapping);
    let documents = 0;
    let operation: "create" | "index" = "create";
    for (let at = 0; at < body.length;) {
      const actionEnd = body.indexOf(NEWLINE, at);
      const action = readAction(body, at, actionEnd, target);
      const docEnd = body.indexOf(NEWLINE, actionEnd + 1);
      if (docEnd < 0) throw new MalformedBulk("The bulk request must be terminated by a newline [\\n]");
      Object.assign(incoming, { idFrom: action.idFrom, idTo: action.idTo, docFrom: actionEnd + 1, docTo: docEnd });
      const status = this.decide(action, incoming, faults, misfit);
      if (documents === 0) operation = action.operation;
      // Filled only from the first document that is not simply created, because the usual response needs no list.
      if (items.length > 0 || status !== 201) {
        if (items.length === 0) fillCreated(items, documents, action);
        const id = body.toString("utf8", action.idFrom, action.idTo);
        items.push({ operation: action.operation, index: action.index, id, status });
      }
      documents++;
      at = docEnd + 1;
    }
    return { documents, items: items.length === 0 ? undefined : items, operation };
  }

  private decide(action: Action, incoming: Incoming, faults: Faults, misfit: Occurrences): number {
    if (faults["429-items"] > 0 && this.dice.hits(faults["429-items"])) return 429;
    if (misfit.within(incoming.docFrom, incoming.docTo)) return 400;
    switch (this.store.put(action.index, incoming, action.operation)) {
      case "created":
        return 201;
      case "updated":
        return 200;
      case "exists":
        return 409;
      case "broken":
        return 400;
    }
  }
}

function fillCreated(items: Item[], count: number, { operation, index }: Action): void {
  for (let i = 0; i < count; i++) items.push({ operation, index, id: "", status: 201 });
}

function readAction(body: Buffer, from: number, to: number, target: string): Action {
  for (const prefix of FAST) {
    if (!startsWith(body, from, prefix) || body[to - 1] !== 0x7d || body[to - 2] !== 0x7d || body[to - 3] !== QUOTE)
      continue;
    const idFrom = from + prefix.length;
    const idTo = to - 3;
    if (isPlain(body, idFrom, idTo))
      return { operation: prefix === FAST[0] ? "create" : "index", index: target, idFrom, idTo };
  }
  return parseAction(body, from, to, target);
}

function startsWith(body: Buffer, at: number, prefix: Buffer): boolean {
  for (let i = 0; i < prefix.length; i++) if (body[at + i] !== prefix[i]) return false;
  return true;
}

function isPlain(body: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (body[i] === QUOTE || body[i] === BACKSLASH) return false;
  return true;
}

function parseAction(body: Buffer, from: number, to: number, target: string): Action {
  let action: unknown;
  try {
    action = JSON.parse(body.toString("utf8", from, to));
  } catch {
    throw new MalformedBulk(`Malformed action/metadata line, expected a JSON object, at byte ${from}`);
  }
  const [operation, meta] =
    Object.entries((action ?? {}) as Record<string, { _index?: string; _id?: string }>)[0] ?? [];
  if ((operation !== "create" && operation !== "index") || typeof meta !== "object")
    throw new MalformedBulk(`Malformed action/metadata line, expected create or index, at byte ${from}`);
  const index = meta._index ?? target;
  if (index === "") throw new MalformedBulk("Validation Failed: 1: index is missing;");
  if (meta._id === undefined) return { operation, index, idFrom: 0, idTo: 0 };
  const idFrom = body.indexOf(`"${meta._id}"`, from) + 1;
  return { operation, index, idFrom, idTo: idFrom + Buffer.byteLength(meta._id) };
}

/** Finds a text in a body, for ascending ranges, with a single search over the body. */
class Occurrences {
  private readonly body: Buffer;
  private readonly text: string;
  private next: number;

  constructor(body: Buffer, text: string) {
    this.body = body;
    this.text = text;
    this.next = text === "" ? Infinity : 0;
    this.seek(0);
  }

  within(from: number, to: number): boolean {
    if (this.next < from) this.seek(from);
    return this.next < to;
  }

  private seek(from: number): void {
    if (this.next === Infinity) return;
    const found = this.body.indexOf(this.text, from);
    this.next = found < 0 ? Infinity : found;
  }
}
