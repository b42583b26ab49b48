// What the sandbox stores. CountingStore: the number of documents per index and the recent ids, so it can run for hours.
// DocumentStore: everything, for tests. Invariant: `create` fails exactly if the id exists.
import { RecentIds, seedOf } from "./recent-ids.ts";

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  readonly source: Record<string, unknown>;
}

/** A document inside a body, by the offsets of its id and its text. Without an id (idFrom = idTo) it gets one. */
export interface Incoming {
  body: Buffer;
  idFrom: number;
  idTo: number;
  docFrom: number;
  docTo: number;
}

/** broken: the document is not a JSON object. */
export type StoreResult = "created" | "exists" | "updated" | "broken";

export interface Store {
  put(index: string, incoming: Incoming, operation: "create" | "index"): StoreResult;
  /** Documents in this index, or in all. */
  count(index?: string): number;
  documents(index?: string): readonly StoredDocument[];
}

export class CountingStore implements Store {
  private readonly counts = new Map<string, { documents: number; readonly seed: number }>();
  private readonly ids = new RecentIds();

  put(index: string, { body, idFrom, idTo, docFrom, docTo }: Incoming, operation: "create" | "index"): StoreResult {
    if (body[docFrom] !== 0x7b || body[docTo - 1] !== 0x7d) return "broken";
    let entry = this.counts.get(index);
    if (entry === undefined) {
      entry = { documents: 0, seed: seedOf(index) };
      this.counts.set(index, entry);
    }
    if (idTo > idFrom && !this.ids.add(body, idFrom, idTo, entry.seed))
      return operation === "create" ? "exists" : "updated";
    entry.documents++;
    return "created";
  }

  count(index?: string): number {
    if (index !== undefined) return this.counts.get(index)?.documents ?? 0;
    let sum = 0;
    for (const { documents } of this.counts.values()) sum += documents;
    return sum;
  }

  documents(): readonly StoredDocument[] {
    return [];
  }
}

/** Reports each document that the inner store has accepted. */
export class TellingStore implements Store {
  private readonly store: Store;
  private readonly tell: (index: string, document: string) => void;

  constructor(store: Store, tell: (index: string, document: string) => void) {
    this.store = store;
    this.tell = tell;
  }

  put(index: string, incoming: Incoming, operation: "create" | "index"): StoreResult {
    const result = this.store.put(index, incoming, operation);
    const { body, docFrom, docTo } = incoming;
    if (result === "created" || result === "updated") this.tell(index, body.toString("utf8", docFrom, docTo));
    return result;
  }

  count(index?: string): number {
    return this.store.count(index);
  }

  documents(index?: string): readonly StoredDocument[] {
    return this.store.documents(index);
  }
}

export class DocumentStore implements Store {
  private readonly indices = new Map<string, Map<string, StoredDocument>>();
  private nextId = 0;

  put(index: string, { body, idFrom, idTo, docFrom, docTo }: Incoming, operation: "create" | "index"): StoreResult {
    const source = parseObject(body.toString("utf8", docFrom, docTo));
    if (source === undefined) return "broken";
    let documents = this.indices.get(index);
    if (documents === undefined) {
      documents = new Map();
      this.indices.set(index, documents);
    }
    const id = idTo > idFrom ? body.toString("utf8", idFrom, idTo) : `auto-${this.nextId++}`;
    const known = documents.has(id);
    if (known && operation === "create") return "exists";
    documents.set(id, { index, id, source });
    return known ? "updated" : "created";
  }

  count(index?: string): number {
    if (index !== undefined) return this.indices.get(index)?.size ?? 0;
    let sum = 0;
    for (const documents of this.indices.values()) sum += documents.size;
    return sum;
  }

  documents(index?: string): readonly StoredDocument[] {
    if (index !== undefined) return [...(this.indices.get(index)?.values() ?? [])];
    return [...this.indices.values()].flatMap((documents) => [...documents.values()]);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
