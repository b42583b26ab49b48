// The answer to a bulk request, compared while it arrives: where every document was stored the bytes are known before
// they come, so the good path parses nothing and keeps nothing. What must hold: the first byte that differs, or one too
// few or too many, and the whole text is there to be parsed.

/** What the server is asked to say. Status has to stay in: an item is known only by its place among all of them. */
export const FILTER_PATH = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store";

const HEAD = '{"errors":false,"items":[';
const TAIL = Buffer.from("]}");

/** The answer that says "all stored", as long as it was ever needed; one per operation, shared by all requests. */
class Expected {
  private readonly item: string;
  private text: Buffer;

  constructor(operation: "create" | "index") {
    this.item = `{"${operation}":{"status":201}},`;
    this.text = Buffer.from(HEAD);
  }

  /** Bytes before the closing brackets for this many documents. */
  length(docs: number): number {
    return HEAD.length + docs * this.item.length - 1;
  }

  bytes(length: number): Buffer {
    if (this.text.length < length) {
      const items = Math.ceil((Math.max(length, 2 * this.text.length) - HEAD.length) / this.item.length);
      this.text = Buffer.from(HEAD + this.item.repeat(items), "latin1");
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
  /** Undefined as long as all of it is as expected. */
  private parts: Buffer[] | undefined;

  constructor(operation: "create" | "index", docs: number) {
    this.itemsEnd = EXPECTED[operation].length(docs);
    this.text = EXPECTED[operation].bytes(this.itemsEnd);
    this.limit = Math.min(MAX_ANSWER, docs * MAX_ITEM + MAX_ITEM);
  }

  /** False when the answer has become larger than any honest one: the rest need not be read. */
  add(chunk: Buffer): boolean {
    if (this.size + chunk.length > this.limit) return false;
    if (this.parts !== undefined) this.parts.push(chunk);
    else if (!this.fits(chunk)) this.parts = [this.seen(), chunk];
    this.size += chunk.length;
    return true;
  }

  /** "stored" when it was the expected text, else the text. */
  end(): "stored" | Buffer {
    if (this.parts === undefined) {
      if (this.size === this.itemsEnd + TAIL.length) return "stored";
      this.parts = [this.seen()];
    }
    return this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
  }

  private fits(chunk: Buffer): boolean {
    const inItems = Math.max(0, Math.min(chunk.length, this.itemsEnd - this.size));
    if (inItems > 0 && chunk.compare(this.text, this.size, this.size + inItems, 0, inItems) !== 0) return false;
    if (inItems === chunk.length) return true;
    const from = this.size + inItems - this.itemsEnd;
    const rest = chunk.length - inItems;
    return from + rest <= TAIL.length && chunk.compare(TAIL, from, from + rest, inItems) === 0;
  }

  /** What has come so far, all of it as expected. */
  private seen(): Buffer {
    if (this.size <= this.itemsEnd) return this.text.subarray(0, this.size);
    return Buffer.concat([this.text.subarray(0, this.itemsEnd), TAIL.subarray(0, this.size - this.itemsEnd)]);
  }
}

/** An unfiltered item with a long reason is about 1 KiB. */
const MAX_ITEM = 4096;
const MAX_ANSWER = 64 * 1024 * 1024;
