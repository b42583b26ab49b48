// The index of a chunk's documents, from the pattern in the configuration: constant text, {input}, {field:NAME} and
// {date:yyyy.MM.dd} (of the time of reading, UTC). What must hold: the name is one that Elasticsearch takes. Constant text
// that it would not take is a fault of the configuration; what a placeholder brings is made legal (lower case, every
// forbidden character a "_"), the same way each time, since a value cannot be refused once its lines are read.
import type { Envelope } from "../../core/chunk.ts";

/** Forbidden anywhere in a name, by the server's rules; white space and control characters too. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\\/*?"<>|,#:\s\u0000-\u001f\u007f]/gu;
/** Forbidden at its beginning. */
const LEADING = /^[-_+.]+/;
const MAX_BYTES = 255;

const PLACEHOLDER = /\{([^{}]*)\}/g;
const DATE_TOKENS = /yyyy|MM|dd|HH/g;

/** What is wrong with a pattern, as the end of a sentence about it; undefined when it is fine. */
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

/** @param atMs wall clock: the time of reading */
export function indexName(pattern: string, envelope: Envelope, atMs: number): string {
  if (!pattern.includes("{")) return pattern;
  const filled = pattern.replace(PLACEHOLDER, (_, inner: string) => legal(fill(inner, envelope, atMs)));
  const name = filled.replace(LEADING, (lead) => (lead === "." && !/^\.+$/.test(filled) ? lead : ""));
  return shorten(name === "" ? "unknown" : name);
}

function fill(inner: string, envelope: Envelope, atMs: number): string {
  if (inner === "input") return envelope.input;
  if (inner.startsWith("field:")) return fieldText(envelope.fields, inner.slice("field:".length));
  const [date = "", time = ""] = new Date(atMs).toISOString().split("T");
  const [yyyy = "", MM = "", dd = ""] = date.split("-");
  const values: Record<string, string> = { yyyy, MM, dd, HH: time.slice(0, 2) };
  return inner.slice("date:".length).replace(DATE_TOKENS, (token) => values[token] ?? "");
}

/** A constant field by its dotted name, whether it is written with dots or nested. */
function fieldText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const flat = fields[name];
  if (flat !== undefined) return text(flat);
  let value: unknown = fields;
  for (const part of name.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return text(value);
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : "unknown";
}

function legal(value: string): string {
  return value.toLowerCase().replace(FORBIDDEN, "_");
}

function shorten(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= MAX_BYTES) return name;
  let end = MAX_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
