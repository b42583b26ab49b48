// The value kinds of the configuration. Only this file uses valibot. A kind parses a value or says in words why it is invalid;
// sections and lists combine kinds. Each kind has its own JSON Schema, so that the program, the schema file and the reference
// come from one definition.
import * as v from "valibot";
import { parseDuration, parseRatio, parseSize } from "../../core/units.ts";
import type { Misread } from "../../core/units.ts";
import type { FaultCode } from "../faults/codes.ts";
import { nearestWord } from "../faults/suggest.ts";
import type { Path } from "../yaml/tree.ts";

export type Schema<T = unknown> = v.GenericSchema<unknown, T>;
export type Infer<S extends Schema> = v.InferOutput<S>;
export type Json = Readonly<Record<string, unknown>>;

/** Why a value is invalid. In the message `says` follows the key; `{value}` in it is replaced by the value. */
export interface Misfit {
  readonly code: FaultCode;
  readonly says: string;
  readonly help: string;
}

/** A single value with its JSON Schema. `read` gets the parsed YAML scalar: a string, number, boolean or null. */
function leaf<T>(json: Json, read: (value: unknown) => T | Misfit): Schema<T> {
  return v.pipe(
    v.unknown(),
    v.metadata(json),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (!isMisfit(value)) return value;
      // valibot's three fields of an issue carry the misfit's; `validate` reads them back.
      addIssue({ received: value.code, message: value.says, expected: value.help });
      return NEVER;
    }),
  );
}

function isMisfit(value: unknown): value is Misfit {
  return typeof value === "object" && value !== null && "says" in value;
}

function noScalar(wanted: string): (value: unknown) => Misfit {
  return (value) => ({
    code: "wrong-type",
    says: value === null ? `has no value, needs ${wanted}` : `is a ${typeof value}, needs ${wanted}`,
    help: typeof value === "string" || value === null ? `give it ${wanted}, or remove the key` : "put it in quotes",
  });
}

/** A text that passes `check`. */
export function text(check: (text: string) => Misfit | undefined = () => undefined, json: Json = {}): Schema<string> {
  const refuse = noScalar("a text");
  return leaf<string>({ type: "string", ...json }, (value) => {
    if (typeof value !== "string") return refuse(value);
    if (value === "") return { code: "bad-value", says: "is empty", help: "give it a text, or remove the key" };
    return check(value) ?? value;
  });
}

export function choice<const T extends string>(...words: readonly T[]): Schema<T> {
  return leaf<T>({ enum: words }, (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = nearestWord(String(value), words);
    const says = `is {value}${near ? `; did you mean \`${near}\`?` : ", which is none of its words"}`;
    return { code: "bad-value", says, help: `one of ${words.map((word) => `\`${word}\``).join(", ")}` };
  });
}

export function flag(): Schema<boolean> {
  const read = (value: unknown): boolean | Misfit => {
    if (typeof value === "boolean") return value;
    // Substituted values are always text.
    if (value === "true" || value === "false") return value === "true";
    return { code: "wrong-type", says: "is {value}, needs true or false", help: "`true` or `false`" };
  };
  return leaf({ type: "boolean" }, read);
}

export function count(least: number, most: number): Schema<number> {
  const wanted = `a whole number from ${least} to ${most}`;
  return leaf<number>({ type: "integer", minimum: least, maximum: most }, (value) => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isInteger(number)) {
      return { code: "wrong-type", says: `is {value}, needs ${wanted}`, help: wanted };
    }
    return number >= least && number <= most
      ? number
      : { code: "out-of-range", says: `is {value}, needs ${wanted}`, help: wanted };
  });
}

/** A quantity with a unit. `least` is the minimum and its text for messages; undefined if 0 is allowed. */
function quantity(
  parse: (text: string) => number | Misread,
  code: FaultCode,
  json: Json,
  least?: { readonly value: number; readonly text: string },
): Schema<number> {
  return leaf<number>(json, (value) => {
    const read = typeof value === "string" || typeof value === "number" ? parse(String(value)) : undefined;
    if (read === undefined) return { code, says: value === null ? "has no value" : "is {value}", help: example(json) };
    if (typeof read !== "number") return { code, says: `is {value}, ${read.why}`, help: read.help };
    if (least && read < least.value) {
      return { code: "out-of-range", says: `is {value}, needs at least ${least.text}`, help: example(json) };
    }
    return read;
  });
}

function example(json: Json): string {
  return (json["examples"] as readonly string[]).map((text) => `\`${text}\``).join(", ");
}

const TEXT_OR_NUMBER = ["string", "number"];
const SIZE = {
  title: "size",
  type: TEXT_OR_NUMBER,
  pattern: "^\\d+(\\.\\d+)? ?([kMGT]?B|[KMGT]iB)$|^0$|\\$\\{",
  examples: ["64MiB", "1GiB"],
};
const DURATION = {
  title: "duration",
  type: TEXT_OR_NUMBER,
  pattern: "^(\\d+(\\.\\d+)?(ms|[dhms]))+$|^0$|\\$\\{",
  examples: ["30s", "10m"],
};
const RATE = { title: "rate", type: TEXT_OR_NUMBER, examples: ["10MiB/s", "500kB/s"] };
export const RATIO = {
  title: "ratio",
  type: TEXT_OR_NUMBER,
  pattern: "^\\d+(\\.\\d+)?( ?%)?$|\\$\\{",
  examples: ["70%", "0.7"],
};

export function size(least?: { readonly value: number; readonly text: string }): Schema<number> {
  return quantity(parseSize, "bad-size", SIZE, least);
}

export function duration(least?: { readonly value: number; readonly text: string }): Schema<number> {
  return quantity(parseDuration, "bad-duration", DURATION, least);
}

/** Bytes per second: a size, with or without `/s`. */
export function rate(): Schema<number> {
  return quantity((given) => parseSize(given.replace(/\/s$/, "")), "bad-size", RATE);
}

export function ratio(): Schema<number> {
  return quantity(parseRatio, "bad-ratio", RATIO);
}

/** A value with its own parser and JSON Schema. */
export function special<T>(json: Json, read: (value: unknown) => T | Misfit): Schema<T> {
  return leaf(json, read);
}

/** Any YAML value. */
export function anything(): Schema {
  return v.pipe(v.unknown(), v.metadata({}));
}

export function list<T>(item: Schema<T>): Schema<T[]> {
  return v.array(item) as unknown as Schema<T[]>;
}

export function table<T>(value: Schema<T>): Schema<Record<string, T>> {
  return v.record(v.string(), value) as unknown as Schema<Record<string, T>>;
}

type Keys = Readonly<Record<string, Schema>>;
type Values<K extends Keys> = { readonly [key in keyof K]: Infer<K[key]> };

export function section<K extends Keys>(keys: K): Schema<Values<K>> {
  return v.strictObject(keys) as unknown as Schema<Values<K>>;
}

/** One of several sections, selected by the value of `key`. */
export function either<T extends Schema>(key: string, sections: readonly T[]): Schema<Infer<T>> {
  return v.variant(key, sections as never) as unknown as Schema<Infer<T>>;
}

/** The value of the key that selects a section of `either`. */
export function tag<const T extends string>(word: T): Schema<T> {
  return v.literal(word) as unknown as Schema<T>;
}

/** An optional key. `otherwise` is its default, as the user would write it. */
export function optional<T>(schema: Schema<T>, otherwise: unknown): Schema<T> {
  return v.optional(schema, otherwise as never) as unknown as Schema<T>;
}

export function maybe<T>(schema: Schema<T>): Schema<T | undefined> {
  return v.optional(schema) as unknown as Schema<T | undefined>;
}

export function about<T>(sentence: string, schema: Schema<T>): Schema<T> {
  return v.pipe(schema, v.description(sentence)) as unknown as Schema<T>;
}

export interface Issue {
  readonly path: Path;
  /** Undefined if the key is missing, or the tag of an `either` is unknown. */
  readonly misfit: Misfit | undefined;
}

/** Parses a plain value. The output has defaults filled in; invalid values stay in it unchanged. */
export function validate<T>(
  schema: Schema<T>,
  value: unknown,
): { readonly output: T; readonly issues: readonly Issue[] } {
  const result = v.safeParse(schema, value);
  const issues = (result.issues ?? []).map((issue) => ({
    path: (issue.path ?? []).map((step) => (step as { key: string | number }).key),
    misfit:
      issue.type === "raw_transform"
        ? { code: issue.received as FaultCode, says: issue.message, help: issue.expected ?? "" }
        : undefined,
  }));
  return { output: result.output as T, issues };
}
