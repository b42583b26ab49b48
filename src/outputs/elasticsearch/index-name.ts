// The index of a chunk's documents, from the configured pattern: constant text, {input}, {field:NAME} and {date:yyyy.MM.dd}
// (UTC). record-index.ts has already filled in what comes from the records; a date that is left is the time of reading.
// Invariant: Elasticsearch accepts the name. Constant text that it would reject is a configuration error. The value of a
// placeholder is made legal (lower case, "_" for each forbidden character), always in the same way, because a value cannot be
// rejected once its lines have been read.
import type { Envelope } from "../../core/chunk.ts";

/** Forbidden anywhere in a name by the server. Also white space, control characters, and the characters of placeholders. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\\/*?"<>|,#:{}\s\u0000-\u001f\u007f]/gu;
/** Forbidden at the beginning of a name. */
const LEADING = /^[-_+.]+/;
const MAX_BYTES = 255;

export const PLACEHOLDER = /\{([^{}]*)\}/g;
const DATE_TOKENS = /yyyy|MM|dd|HH/g;

/** The fault of a pattern, as the end of a sentence about it; undefined if there is none. */
export function indexPatternFault(pattern: string): string | undefined {
  const constant = pattern.replace(PLACEHOLDER, "");
  if (pattern === "") return "is empty";
  if (/[{}]/.test(constant)) return "has a brace without its partner";
  if (constant !== constant.toLowerCase()) return "has upper-case letters, which no index name may have";
  const forbidden = constant.match(FORBIDDEN)?.[0];
  if (forbidden !== undefined) return `has ${JSON.stringify(forbidden)}, which no index name may have`;
  if (/^[-_+]/.test(pattern)) return `begins with "${pattern[0]}", which no index name may`;
  if (pattern === "." || pattern === "..") return "is no index name";
  if (Buffer.byteLength(constant) > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  for (const [whole, inner = ""] of pattern.matchAll(PLACEHOLDER)) {
    const fault = placeholderFault(inner);
    if (fault !== undefined) return `has ${whole}, ${fault}`;
  }
  return undefined;
}

function placeholderFault(inner: string): string | undefined {
  if (inner === "input") return undefined;
  if (/^field:.+$/.test(inner)) return undefined;
  if (!inner.startsWith("date:")) return "where {input}, {field:NAME} or {date:yyyy.MM.dd} is known";
  const format = inner.slice("date:".length);
  const rest = format.replace(DATE_TOKENS, "");
  if (rest === format || /[a-z]/i.test(rest)) return "where a date is made of yyyy, MM, dd and HH";
  return undefined;
}

/** @param atMs wall clock at which the chunk was read */
export function indexName(pattern: string, envelope: Envelope, atMs: number): string {
  if (!pattern.includes("{")) return pattern;
  return wholeName(pattern.replace(PLACEHOLDER, (_, inner: string) => legal(fill(inner, envelope, atMs))));
}

/** Makes a complete name of parts that are legal by themselves. */
export function wholeName(filled: string): string {
  const name = filled.replace(LEADING, (lead) => (lead === "." && !/^\.+$/.test(filled) ? lead : ""));
  return shorten(name === "" ? "unknown" : name);
}

function fill(inner: string, envelope: Envelope, atMs: number): string {
  if (inner === "input") return envelope.input;
  if (inner.startsWith("field:")) return text(constantField(envelope.fields, inner.slice("field:".length)));
  return dateText(inner, atMs);
}

/** @param inner the text inside a placeholder: date:FORMAT */
export function dateText(inner: string, atMs: number): string {
  // Time zones can lead outside the years of four digits; then the last four digits are used.
  const [date = "", time = ""] = new Date(atMs).toISOString().slice(-24).split("T");
  const [yyyy = "", MM = "", dd = ""] = date.split("-");
  const values: Record<string, string> = { yyyy, MM, dd, HH: time.slice(0, 2) };
  return inner.slice("date:".length).replace(DATE_TOKENS, (token) => values[token] ?? "");
}

/** The names in the {field:...} placeholders of a pattern. */
export function fieldsIn(pattern: string): readonly string[] {
  const inner = [...pattern.matchAll(PLACEHOLDER)].map(([, text = ""]) => text);
  return inner.filter((text) => text.startsWith("field:")).map((text) => text.slice("field:".length));
}

/** A constant field by its dotted name, whether it was written with dots or nested. */
export function constantField(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  const flat = fields[name];
  if (flat !== undefined) return flat;
  let value: unknown = fields;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : "unknown";
}

export function legal(value: string): string {
  return value.toLowerCase().replace(FORBIDDEN, "_");
}

export function shorten(name: string, most = MAX_BYTES): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= most) return name;
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
