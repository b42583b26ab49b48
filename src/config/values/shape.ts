// Exposes the structure of a schema, which fit.ts walks along with the tree.
import type { Json, Schema } from "./vocabulary.ts";

export type Keys = Readonly<Record<string, Schema>>;
export type Shape =
  | { readonly kind: "section"; readonly keys: Keys }
  | { readonly kind: "list"; readonly item: Schema }
  | { readonly kind: "table"; readonly value: Schema }
  | { readonly kind: "either"; readonly key: string; readonly sections: ReadonlyMap<string, Keys> }
  | { readonly kind: "flag" | "leaf"; readonly json: Json };

/** The fields of valibot's schemas that this file uses. */
interface Inside {
  readonly type: string;
  readonly wrapped?: Inside;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly key?: string;
  readonly options?: readonly { readonly entries: Readonly<Record<string, Schema>> }[];
  readonly literal?: string;
  readonly pipe?: readonly {
    readonly type: string;
    readonly metadata?: Json;
  }[];
}

export function shapeOf(schema: Schema): Shape {
  const inside = unwrap(schema as unknown as Inside);
  switch (inside.type) {
    case "strict_object":
      return { kind: "section", keys: inside.entries as Keys };
    case "array":
      return { kind: "list", item: inside.item as Schema };
    case "record":
      return { kind: "table", value: inside.value as Schema };
    case "variant":
      return { kind: "either", key: inside.key as string, sections: sectionsOf(inside) };
    case "literal":
      return { kind: "leaf", json: { const: inside.literal } };
    default: {
      const json = inside.pipe?.find((step) => step.type === "metadata")?.metadata ?? {};
      return { kind: json["type"] === "boolean" ? "flag" : "leaf", json };
    }
  }
}

function unwrap(inside: Inside): Inside {
  return inside.wrapped ? unwrap(inside.wrapped) : inside;
}

/** The sections of a variant, by the word that selects each. */
function sectionsOf(inside: Inside): ReadonlyMap<string, Keys> {
  const key = inside.key as string;
  return new Map(
    (inside.options ?? []).map((one) => [(one.entries[key] as unknown as Inside).literal as string, one.entries]),
  );
}
