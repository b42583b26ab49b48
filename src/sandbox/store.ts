// What the sandbox keeps. counts: how many documents each index has, and the ids of late, so that it can run for hours.
// documents: everything, to be asked for by tests. What must hold: `create` says false exactly when the id is there.
import { RecentIds, seedOf } from "./recent-ids.ts";

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  readonly source: Record<string, unknown>;
}

/** A document as it stands in a body: the id's bytes and the document's. Without an id (idFrom = idTo) it gets one. */
export interface Incoming {
  body: Buffer;
  idFrom: number;
  idTo: number;
  docFrom: number;
  docTo: number;
}

/** broken: the document is no JSON object. */
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
