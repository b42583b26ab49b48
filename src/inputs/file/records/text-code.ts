// Encodings of files: where lines end, how bytes become UTF-8, and which byte order mark (BOM) may come first. Line ends are at
// whole code units, counted from the start of the file, not of the read.
import { isAscii } from "node:buffer";

const NEWLINE = 10;

/** cut: the text goes on after its end here, so the last character may be incomplete. */
export type Piece = "whole" | "cut";

/** Converts bytes[at, at + length) to UTF-8 in place. Returns the number of bytes, or -1 if nothing changed. */
export type Decode = (bytes: Buffer, at: number, length: number, piece: Piece) => number;

export interface TextCode {
  /** Bytes of a code unit. */
  readonly unit: 1 | 2;
  /** The byte order mark that the file may begin with; it is not part of the text. */
  readonly mark: Buffer;
  /** Undefined: the text is UTF-8 already. */
  readonly decode: Decode | undefined;
  /** Index after the first line end that begins at or after `from`, -1 without one; bytes[0] is byte `offset` of the file. */
  lineEnd(bytes: Buffer, from: number, offset: number): number;
  /** Bytes at the end that begin an incomplete character, as far as bytes alone show it. */
  unfinished(bytes: Buffer): number;
  /** Index after the last line end; -1: there is none. */
  lastLineEnd(bytes: Buffer, offset: number): number;
}

export const UTF8 = singles(Buffer.from("\ufeff"), undefined);

/** One code, or two: the file's first bytes decide which. */
export interface Encoding {
  readonly codes: readonly [TextCode, ...TextCode[]];
  /** Most bytes of UTF-8 per byte of the file. */
  readonly growth: number;
}

const NO_MARK = Buffer.alloc(0);
const LITTLE_MARK = Buffer.from([0xff, 0xfe]);
const BIG_MARK = Buffer.from([0xfe, 0xff]);

/** The encoding of a WHATWG name. For `utf-16` and its other names without a byte order, the file decides. */
export function encodingOf(label: string): Encoding {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  switch (decoder.encoding) {
    case "utf-8":
      return { codes: [UTF8], growth: 1 };
    case "utf-16le":
      return { codes: /^\s*utf-16le\s*$/i.test(label) ? [LITTLE] : [LITTLE, BIG], growth: 3 };
    case "utf-16be":
      return { codes: [BIG], growth: 3 };
    default:
      // GB 18030 has a mark of its own.
      return { codes: [singles(markIn(decoder), decoding(decoder))], growth: 3 };
  }
}

/** The code of a file that begins with `head`: the first code, unless the file has the mark of another. */
export function codeOf(encoding: Encoding, head: Buffer): TextCode {
  return encoding.codes.find((code) => begins(head, code.mark)) ?? encoding.codes[0];
}

/** Length of the byte order mark at the start of a file. */
export function markLength(code: TextCode, head: Buffer): number {
  return begins(head, code.mark) ? code.mark.length : 0;
}

/** The encoding whose mark the file begins with, if the file is read in another one. */
export function foreignMark(code: TextCode, head: Buffer): "utf-8" | "utf-16" | undefined {
  if (begins(head, code.mark)) return undefined;
  if (begins(head, UTF8.mark)) return "utf-8";
  return begins(head, LITTLE_MARK) || begins(head, BIG_MARK) ? "utf-16" : undefined;
}

interface Taken {
  readonly bytes: Buffer;
  readonly code: TextCode;
  readonly offset: number;
  readonly after: "more" | "quiet" | "still" | "end";
}

/** How many bytes can be passed over: not half a code unit, except at the end of the file, where no more comes. */
export function wholeUnits({ bytes, code, offset, after }: Taken): number {
  return after === "end" ? bytes.length : bytes.length - ((offset + bytes.length) % code.unit);
}

/** How many bytes can be taken as text: not part of a character, except at the end of the file. */
export function wholeCharacters(taken: Taken): number {
  const units = wholeUnits(taken);
  return taken.after === "end" ? units : units - taken.code.unfinished(taken.bytes.subarray(0, units));
}

function begins(head: Buffer, mark: Buffer): boolean {
  return mark.length > 0 && head.subarray(0, mark.length).equals(mark);
}

function markIn(decoder: TextDecoder): Buffer {
  return decoder.encoding.startsWith("gb") ? Buffer.from([0x84, 0x31, 0x95, 0x33]) : NO_MARK;
}

/** Codes with code units of one byte. */
function singles(mark: Buffer, decode: Decode | undefined): TextCode {
  return {
    unit: 1,
    mark,
    decode,
    lineEnd: (bytes, from) => bytes.indexOf(NEWLINE, from) + 1 || -1,
    lastLineEnd: (bytes) => bytes.lastIndexOf(NEWLINE) + 1 || -1,
    unfinished: decode === undefined ? unfinishedUtf8 : () => 0,
  };
}

function decoding(decoder: TextDecoder): Decode {
  if (/^(?:ibm|iso-8859|koi8|mac|windows|x-)/.test(decoder.encoding)) return tabled(decoder);
  // In ISO-2022-JP, bytes that look like ASCII may be other characters.
  const plain = decoder.encoding === "iso-2022-jp" ? undefined : isAscii;
  return (bytes, at, length, piece) => {
    const encoded = bytes.subarray(at, at + length);
    if (plain?.(encoded)) return -1;
    const text = decoder.decode(encoded, { stream: piece === "cut" });
    if (piece === "cut") decoder.decode();
    return bytes.write(text, at);
  };
}

/** For encodings with one byte per character: a table, 2.6 times as fast as their decoder. */
function tabled(decoder: TextDecoder): Decode {
  const lengths = new Uint8Array(256);
  const characters = new Uint8Array(256 * 3);
  for (let byte = 0; byte < 256; byte++) {
    const character = Buffer.from(decoder.decode(Buffer.from([byte])));
    lengths[byte] = character.length;
    characters.set(character, byte * 3);
  }
  return (bytes, at, length) => {
    if (isAscii(bytes.subarray(at, at + length))) return -1;
    let total = 0;
    for (let i = at; i < at + length; i++) total += lengths[bytes[i] as number] as number;
    // Backwards, so that no byte is overwritten before it is read.
    let to = at + total;
    for (let from = at + length - 1; from >= at; from--) {
      const byte = bytes[from] as number;
      if (byte < 128) bytes[--to] = byte;
      else for (let i = (lengths[byte] as number) - 1; i >= 0; i--) bytes[--to] = characters[byte * 3 + i] as number;
    }
    return total;
  };
}

const LITTLE = pairs("little");
const BIG = pairs("big");

function pairs(order: "little" | "big"): TextCode {
  // Position of the byte 10 of a newline in its code unit: first or second.
  const second = order === "little" ? 0 : 1;
  const endAt = (bytes: Buffer, found: number, offset: number): number => {
    const start = found - second;
    const zero = start + 1 - second;
    return start >= 0 && (offset + start) % 2 === 0 && bytes[zero] === 0 ? start + 2 : -1;
  };
  return {
    unit: 2,
    mark: order === "little" ? LITTLE_MARK : BIG_MARK,
    decode: order === "little" ? decodeLittle : decodeBig,
    unfinished(bytes) {
      const high = bytes.at(order === "little" ? -1 : -2) ?? 0;
      return high >= 0xd8 && high < 0xdc ? 2 : 0;
    },
    lineEnd(bytes, from, offset) {
      for (let at = bytes.indexOf(NEWLINE, from); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
        const end = endAt(bytes, at, offset);
        if (end >= from + 2) return end;
      }
      return -1;
    },
    lastLineEnd(bytes, offset) {
      for (let at = bytes.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)) {
        const end = endAt(bytes, at, offset);
        if (end >= 0) return end;
      }
      return -1;
    },
  };
}

function unfinishedUtf8(bytes: Buffer): number {
  for (let back = 1; back < 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function decodeBig(bytes: Buffer, at: number, length: number, piece: Piece): number {
  bytes.subarray(at, at + length - (length % 2)).swap16();
  return decodeLittle(bytes, at, length, piece);
}

/** A surrogate without its other half becomes U+FFFD, as does half a code unit. */
function decodeLittle(bytes: Buffer, at: number, length: number, piece: Piece): number {
  const whole = length - (length % 2);
  let text = bytes.toString("utf16le", at, at + whole);
  if (piece === "whole" && whole < length) text += "\ufffd";
  else if (piece === "cut" && isHigh(text.charCodeAt(text.length - 1))) text = text.slice(0, -1);
  return bytes.write(text, at);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
