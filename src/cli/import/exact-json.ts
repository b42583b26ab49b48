// JSON whose integers stay what they are: inode numbers and checksums have 64 bits, and a number holds 53 of them.

/** Undefined for text that is no JSON. Integers beyond 2^53 are bigints. */
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

/** A whole number that is not negative, as a number; undefined for all else. */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A whole number of at most 64 bits that is not negative, as decimal text. */
export function wholeText(value: unknown): string | undefined {
  if (typeof value === "bigint") return value >= 0n && value < 1n << 64n ? value.toString() : undefined;
  return wholeNumber(value)?.toString();
}

/** For a message: whatever it is, and not much of it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one));
  return (text ?? "nothing").slice(0, 80);
}
