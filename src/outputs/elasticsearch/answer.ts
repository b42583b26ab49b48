// The answer to a bulk request, compared while it arrives: where every document was stored the bytes are known before
// they come, so the good path parses nothing and keeps nothing. What must hold: the first byte that differs, or one too
// few or too many, and the whole text is there to be parsed.

/** What the server is asked to say. Status has to stay in: an item is known only by its place among all of them. */
export const FILTER_PATH = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store";

/** What stands before the items; a server that does not know filter_path adds `took`. */
const HEAD = /^\{(?:"took":\d+,)?"errors":false,(?:"took":\d+,)?"items":\[/;
const LONGEST_HEAD = 80;
const TAIL = Buffer.from("]}");

/** The answer that says "all stored", as long as it was ever needed; one per operation, shared by all requests. */
class Expected {
  private readonly item: string;
  private text: Buffer;

  constructor(operation: "create" | "index") {
    this.item = `{"${operation}":{"status":201}},`;
    this.text = Buffer.alloc(0);
  }

  /** Bytes before the closing brackets for this many documents. */
  length(docs: number): number {
    return docs * this.item.length - 1;
  }

  bytes(length: number): Buffer {
    if (this.text.length < length) {
      const items = Math.ceil(Math.max(length, 2 * this.text.length) / this.item.length);
      this.text = Buffer.from(this.item.repeat(items), "latin1");
    }
    return this.text;
  }
}

const EXPECTED = { create: new Expected("create"), index: new Expected("index") };

export class AnswerBody {
  private readonly text: Buffer;
  /** Where the expected items end and the closing brackets begin. */
  private readonly itemsEnd: number;
  private readonly limit: number;
  private size = 0;
  /** Up to and including the bracket that opens the items; undefined until all of it has come. */
  private head: Buffer | undefined;
  /** What has come of the head so far. */
  private beginning: Buffer = Buffer.alloc(0);
  /** Undefined as long as all of it is as expected. */
  private parts: Buffer[] | undefined;

  constructor(operation: "create" | "index", docs: number) {
    this.itemsEnd = EXPECTED[operation].length(docs);
    this.text = EXPECTED[operation].bytes(this.itemsEnd);
    this.limit = Math.min(MAX_ANSWER, docs * MAX_ITEM + MAX_ITEM);
  }

  /** Takes the chunk over. False when the answer has become larger than any honest one: the rest need not be read. */
  add(chunk: Buffer): boolean {
    if (this.size + chunk.length > this.limit) return false;
    const { length } = chunk;
    if (this.parts !== undefined) this.parts.push(chunk);
    else if (this.fits(chunk)) discard(chunk);
    else this.parts = [this.seen(), chunk];
    this.size += length;
    return true;
  }

  /** "stored" when it was the expected text, else the text. */
  end(): "stored" | Buffer {
    if (this.parts === undefined) {
      if (this.head && this.size === this.head.length + this.itemsEnd + TAIL.length) return "stored";
      this.parts = [this.seen()];
    }
    return this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
  }

  private fits(chunk: Buffer): boolean {
    if (this.head) return this.fitsItems(chunk, this.size - this.head.length);
    // Copies: the chunk is the socket's.
    this.beginning = Buffer.concat([this.beginning, chunk.subarray(0, LONGEST_HEAD)]);
    const head = HEAD.exec(this.beginning.toString("latin1"))?.[0];
    if (head === undefined) return this.size + chunk.length <= LONGEST_HEAD && chunk.length <= LONGEST_HEAD;
    this.head = this.beginning.subarray(0, head.length);
    return this.fitsItems(chunk.subarray(head.length - this.size), 0);
  }

  /** @param at how far into the items the chunk begins */
  private fitsItems(chunk: Buffer, at: number): boolean {
    const inItems = Math.max(0, Math.min(chunk.length, this.itemsEnd - at));
    if (inItems > 0 && chunk.compare(this.text, at, at + inItems, 0, inItems) !== 0) return false;
    if (inItems === chunk.length) return true;
    const from = at + inItems - this.itemsEnd;
    const rest = chunk.length - inItems;
    return from + rest <= TAIL.length && chunk.compare(TAIL, from, from + rest, inItems) === 0;
  }

  /** What has come so far, all of it as expected. */
  private seen(): Buffer {
    const { head } = this;
    if (head === undefined || this.size <= head.length) return this.beginning.subarray(0, this.size);
    const items = this.size - head.length;
    const text = this.text.subarray(0, Math.min(items, this.itemsEnd));
    return Buffer.concat([head, text, TAIL.subarray(0, Math.max(0, items - this.itemsEnd))]);
  }
}

/**
 * Frees the bytes now and not some time later: hardly anything else makes garbage, so that answers of 300 KB pile up to
 * 30 MiB before a collection.
 */
function discard(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}

/** An unfiltered item with a long reason is about 1 KiB. */
const MAX_ITEM = 4096;
const MAX_ANSWER = 64 * 1024 * 1024;
