// What the kernel must do, in plain code: the reference for its fuzz tests. Slow on purpose.
import { KIND } from "../../src/core/chunk.ts";
import type { Scan } from "../../src/kernel/kernel.ts";
import { LEVELS } from "../../src/core/options.ts";
import type { TemplateParts } from "../../src/kernel/template.ts";
import { level as levelOf } from "./level.reference.ts";

/** A record of a text: [start, end) without its line end. `next` is where the following record begins. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The lines that are records. The last one may have no line end. */
export function lines(text: Uint8Array): Line[] {
  const found: { start: number; end: number; next: number }[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf(10, start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? text.length : newline;
    if (end > start && text[end - 1] === 13) end--;
    const previous = found.at(-1);
    if (end > start) found.push({ start, end, next });
    else if (previous !== undefined) previous.next = next;
    start = next;
  }
  return found;
}

export function scan(text: Uint8Array): Scan {
  const end = text.lastIndexOf(10) + 1;
  const records = lines(text.subarray(0, end));
  return { records: records.length, end, longest: Math.max(0, ...records.map((line) => line.end - line.start)) };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A record's bytes as the inside of a JSON string. JSON.stringify would escape lone surrogates, but the decoder leaves none. */
export function escaped(record: Uint8Array): Buffer {
  return Buffer.from(JSON.stringify(decoder.decode(record)).slice(1, -1));
}

export function message(record: Uint8Array): string {
  return decoder.decode(record);
}

/** By KIND: why a record that should have been a JSON object is a message. */
export const ERRORS = [
  "",
  "",
  "the line is no JSON object",
  "the line is no valid JSON",
  "the line is longer than max_record and was cut, which leaves no JSON",
  "the line is JSON that is nested deeper than 128 levels",
  "the line is JSON that would exceed max_record with its fields moved",
] as const;

export interface Document {
  readonly offset: number;
  /** For kind `object`: the text of the object. */
  readonly record: Uint8Array;
  /** NaN or left out: the template's time. */
  readonly time?: number;
  readonly weight?: number;
  /** KIND in the low 4 bits, and the level of an object above them. */
  readonly kind?: number;
}

/** A bulk document: action line and source. */
export function document(
  parts: TemplateParts,
  { offset, record, time = NaN, weight = 1, kind = KIND.text }: Document,
): Buffer {
  const isObject = (kind & 15) === KIND.object;
  const level = LEVELS[isObject ? (kind >> 4) - 1 : levelOf(record)];
  const inRange = time >= -62_167_219_200_000 && time < 253_402_300_800_000;
  const error = ERRORS[kind & 15] ?? "";
  const inside = Buffer.from(record).subarray(1, -1);
  return Buffer.concat([
    Buffer.from(parts.head + (parts.middle === "" ? "" : offset + parts.middle)),
    Buffer.from(inRange ? new Date(Math.floor(time)).toISOString() : parts.time),
    Buffer.from(isObject ? (inside.length > 0 ? '",' : '"') : parts.lead),
    isObject ? inside : escaped(record),
    Buffer.from(parts.path.slice(isObject ? 1 : 0) + offset),
    Buffer.from((level === undefined ? parts.level : `,"level":"${level}"`) + parts.close),
    Buffer.from(weight > 1 ? `,"_doc_count":${weight},"sample":{"rate":${weight}}` : ""),
    Buffer.from(error === "" ? "" : `,"error":{"message":"${error}"}`),
    Buffer.from(parts.tail),
  ]);
}
