// The body of a bulk response, compared with the expected text as it arrives. If every document was stored, the bytes are
// known in advance, so the common case neither parses nor keeps anything. Invariant: if a byte or the length differs from the
// expected text, the whole response is available for parsing.

/** The fields to request. `status` must stay, because an item is identified only by its position among all items. */
export const FILTER_PATH = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store";

/** The text before the items. A server that does not support filter_path adds `took`. */
const HEAD = /^\{(?:"took":\d+,)?"errors":false,(?:"took":\d+,)?"items":\[/;
const LONGEST_HEAD = 80;
const TAIL = Buffer.from("]}");

/** The items of a response that says "all stored", grown as needed. One per operation, shared by all requests. */
class Expected {
  private readonly item: string;
  private text: Buffer;

  constructor(operation: "create" | "index") {
    this.item = `{"${operation}":{"status":201}},`;
    this.text = Buffer.alloc(0);
  }

  /** Bytes of the items for this many documents, without the closing brackets. */
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

export class ResponseBody {
  private readonly text: Buffer;
  /** Where the expected items end and the closing brackets begin. */
  private readonly itemsEnd: number;
  private readonly limit: number;
  private size = 0;
  /** Up to and including the bracket that opens the items. Undefined until all of it has arrived. */
  private head: Buffer | undefined;
  /** The part of the head that has arrived so far. */
  private beginning: Buffer = Buffer.alloc(0);
  /** The received chunks; undefined as long as everything matches the expected text. */
  private parts: Buffer[] | undefined;

  constructor(operation: "create" | "index", docs: number) {
    this.itemsEnd = EXPECTED[operation].length(docs);
    this.text = EXPECTED[operation].bytes(this.itemsEnd);
    this.limit = Math.min(MAX_RESPONSE, docs * MAX_ITEM + MAX_ITEM);
  }

  /** Takes ownership of the chunk. @returns false if the response exceeds any valid size; the rest need not be read */
  add(chunk: Buffer): boolean {
    if (this.size + chunk.length > this.limit) return false;
    const { length } = chunk;
    if (this.parts !== undefined) this.parts.push(chunk);
    else if (this.fits(chunk)) discard(chunk);
    else this.parts = [this.seen(), chunk];
    this.size += length;
    return true;
  }

  /** "stored" if the response was the expected text, else the response itself. */
  end(): "stored" | Buffer {
    if (this.parts === undefined) {
      if (this.head && this.size === this.head.length + this.itemsEnd + TAIL.length) return "stored";
      this.parts = [this.seen()];
    }
    return this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
  }

  private fits(chunk: Buffer): boolean {
    if (this.head) return this.fitsItems(chunk, this.size - this.head.length);
    // Copied, because the chunk belongs to the socket.
    this.beginning = Buffer.concat([this.beginning, chunk.subarray(0, LONGEST_HEAD)]);
    const head = HEAD.exec(this.beginning.toString("latin1"))?.[0];
    if (head === undefined) return this.size + chunk.length <= LONGEST_HEAD && chunk.length <= LONGEST_HEAD;
    this.head = this.beginning.subarray(0, head.length);
    return this.fitsItems(chunk.subarray(head.length - this.size), 0);
  }

  /** @param at offset in the items at which the chunk begins */
  private fitsItems(chunk: Buffer, at: number): boolean {
    const inItems = Math.max(0, Math.min(chunk.length, this.itemsEnd - at));
    if (inItems > 0 && chunk.compare(this.text, at, at + inItems, 0, inItems) !== 0) return false;
    if (inItems === chunk.length) return true;
    const from = at + inItems - this.itemsEnd;
    const rest = chunk.length - inItems;
    return from + rest <= TAIL.length && chunk.compare(TAIL, from, from + rest, inItems) === 0;
  }

  /** The bytes received so far, rebuilt from the expected text that they match. */
  private seen(): Buffer {
    const { head } = this;
    if (head === undefined || this.size <= head.length) return this.beginning.subarray(0, this.size);
    const items = this.size - head.length;
    const text = this.text.subarray(0, Math.min(items, this.itemsEnd));
    return Buffer.concat([head, text, TAIL.subarray(0, Math.max(0, items - this.itemsEnd))]);
  }
}

/**
 * Frees the bytes at once. Little else creates garbage, so collections are rare, and responses of 300 KB would pile up to
 * 30 MiB before one.
 */
function discard(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}

/** An unfiltered item with a long reason is about 1 KiB. */
const MAX_ITEM = 4096;
const MAX_RESPONSE = 64 * 1024 * 1024;
