// Parses JSON without rounding integers: inode numbers and checksums have 64 bits, but a JavaScript number holds only 53.

/** Undefined if the text is not JSON. Integers beyond 2^53 become bigints. */
export function parseExact(text: string): unknown {
  try {
    return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
}

function exact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value;
}

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a non-negative integer, else undefined. */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A non-negative integer of at most 64 bits as decimal text, else undefined. */
export function wholeText(value: unknown): string | undefined {
  if (typeof value === "bigint") return value >= 0n && value < 1n << 64n ? value.toString() : undefined;
  return wholeNumber(value)?.toString();
}

/** Any value as text for a message, cut to 80 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one));
  return (text ?? "nothing").slice(0, 80);
}
