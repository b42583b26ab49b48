// Decodes the rows of a b-tree page. Every length is checked: an inconsistent cell is reported as broken, and nothing throws.
// @see https://www.sqlite.org/fileformat2.html "B-tree Pages" and "Record Format"
import { PAGE, type PageFile } from "./pages.ts";

export type Value = number | string | Buffer | null;

export interface Row {
  /** Undefined in a table without rowids. */
  readonly rowid: number | undefined;
  /** Type of each column, one letter each. n: number, t: text, b: blob, 0: null (SQLite stores a rowid column as null). */
  readonly shape: string;
  /** Reads the columns. Undefined: a page of the row cannot be read. Buffers are valid until the next row or page is read. */
  readonly values: () => readonly Value[] | undefined;
}

/** Bytes of a payload that stay in the page itself, by the kind of page. The rest goes to overflow pages. */
const LEAST = Math.floor(((PAGE - 12) * 32) / 255) - 23;
const MOST_IN_TABLE = PAGE - 35;
const MOST_IN_INDEX = Math.floor(((PAGE - 12) * 64) / 255) - 23;

const TABLE_LEAF = 0x0d;
const INDEX_LEAF = 0x0a;
const INDEX_INNER = 0x02;
const TABLE_INNER = 0x05;

/** The valid rows of a page. @param number page number, from 1 @returns undefined: not a b-tree page */
export function rowsOf(file: PageFile, number: number, page: Buffer): readonly Row[] | undefined {
  const start = number === 1 ? 100 : 0;
  const kind = page[start] as number;
  if (kind === TABLE_INNER) return [];
  if (kind !== TABLE_LEAF && kind !== INDEX_LEAF && kind !== INDEX_INNER) return undefined;
  const cells = page.readUInt16BE(start + 3);
  const pointers = start + (kind === INDEX_INNER ? 12 : 8);
  if (pointers + 2 * cells > PAGE) return undefined;
  const rows: Row[] = [];
  for (let i = 0; i < cells; i++) {
    const row = readCell(file, page, page.readUInt16BE(pointers + 2 * i), kind);
    if (row) rows.push(row);
  }
  return rows;
}

function readCell(file: PageFile, page: Buffer, start: number, kind: number): Row | undefined {
  if (start < 8 || start >= PAGE - 4) return undefined;
  const size = varint(page, start + (kind === INDEX_INNER ? 4 : 0));
  if (!size) return undefined;
  let { at } = size;
  let rowid: number | undefined;
  if (kind === TABLE_LEAF) {
    const id = varint(page, at);
    if (!id || !Number.isSafeInteger(id.value)) return undefined;
    ({ at, value: rowid } = id);
  }
  const local = localBytes(size.value, kind === TABLE_LEAF ? MOST_IN_TABLE : MOST_IN_INDEX);
  if (local === undefined || at + local > PAGE) return undefined;
  const header = headerOf(page.subarray(at, at + local), size.value);
  if (!header) return undefined;
  const values = (): readonly Value[] | undefined => {
    const payload = payloadAt(file, page, at, size.value, local);
    return payload && decode(payload, header);
  };
  return { rowid, shape: header.shape, values };
}

/** Larger than any row. */
const MOST_PAYLOAD = 1 << 30;

/** Bytes of a payload in the page itself; undefined: no row has this size. */
function localBytes(size: number, most: number): number | undefined {
  if (size < 1 || size > MOST_PAYLOAD) return undefined;
  if (size <= most) return size;
  const rest = LEAST + ((size - LEAST) % (PAGE - 4));
  return rest <= most ? rest : LEAST;
}

function payloadAt(file: PageFile, page: Buffer, at: number, size: number, local: number): Buffer | undefined {
  if (local === size) return page.subarray(at, at + size);
  if (at + local + 4 > PAGE || size > file.count * PAGE) return undefined;
  const { whole, next } = file.buffers(size);
  page.copy(whole, 0, at, at + local);
  let number = page.readUInt32BE(at + local);
  for (let done = local; done < size; done += PAGE - 4) {
    if (!file.read(number, next)) return undefined;
    next.copy(whole, done, 4, Math.min(PAGE, 4 + size - done));
    number = next.readUInt32BE(0);
  }
  return whole;
}

interface Header {
  readonly types: readonly number[];
  readonly shape: string;
  /** Offset of the first value. */
  readonly length: number;
}

/** @param local the part of the payload that is in the page @param size of the payload */
function headerOf(local: Buffer, size: number): Header | undefined {
  const header = varint(local, 0);
  if (!header || header.value > local.length) return undefined;
  const types: number[] = [];
  let shape = "";
  let end = header.value;
  for (let i = header.at; i < header.value;) {
    const type = varint(local, i);
    if (!type) return undefined;
    i = type.at;
    const bytes = sizeOf(type.value);
    if (bytes === undefined) return undefined;
    end += bytes;
    types.push(type.value);
    shape += letter(type.value);
  }
  return end === size ? { types, shape, length: header.value } : undefined;
}

function letter(type: number): string {
  if (type === 0) return "0";
  if (type < 10) return "n";
  return type % 2 === 0 ? "b" : "t";
}

function decode(payload: Buffer, { types, length }: Header): Value[] | undefined {
  let at = length;
  const values = types.map((type) => {
    const size = sizeOf(type) as number;
    at += size;
    return valueOf(payload, at - size, type, size);
  });
  // SQLite stores no NaN.
  return values.some((value) => typeof value === "number" && !Number.isFinite(value)) ? undefined : values;
}

const INTEGERS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function sizeOf(type: number): number | undefined {
  if (type < 10) return INTEGERS[type];
  return type < 12 ? undefined : (type - (type % 2 === 0 ? 12 : 13)) / 2;
}

function valueOf(payload: Buffer, at: number, type: number, size: number): Value {
  if (type === 0) return null;
  if (type === 7) return payload.readDoubleBE(at);
  if (type >= 8 && type < 10) return type - 8;
  if (type === 6) return Number(payload.readBigInt64BE(at));
  if (type < 6) return payload.readIntBE(at, size);
  const bytes = payload.subarray(at, at + size);
  return type % 2 === 0 ? bytes : bytes.toString("utf8");
}

/** SQLite's variable-length integer of at most 9 bytes. Values beyond what a double holds exactly do not occur here. */
function varint(bytes: Buffer, start: number): { readonly value: number; readonly at: number } | undefined {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    if (i === 8) return { value: value * 256 + byte, at: start + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, at: start + i + 1 };
  }
  return undefined;
}
