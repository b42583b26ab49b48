// Keys and input types reserved for later versions. They are rejected by name, so that a configuration for a later version gets
// a message about the missing feature instead of one about a typo.
import type { Path } from "../yaml/tree.ts";
import { pathText } from "../yaml/tree.ts";

interface Refusal {
  readonly message: string;
  readonly help: string;
}

const KEYS: Readonly<Record<string, string>> = {
  outputs: "use `output`: this version has one",
  "inputs[].priority": "remove it: inputs share the room fairly, `buffer.shares` divides the buffer",
  "policies.*[].key": "remove it: sampling goes by source and offset",
};

/** Input types reserved for later versions. */
const INPUT_TYPES: ReadonlySet<unknown> = new Set(["journald", "stdin", "http", "syslog", "otlp", "kafka", "rabbitmq"]);

export function reservedKey(path: Path): Refusal | undefined {
  const text = pathText(path);
  const help = KEYS[text] ?? KEYS[text.replace(/^policies\.[^[]+/, "policies.*")];
  return help === undefined ? undefined : { message: `\`${text}\` is reserved, not in this version`, help };
}

export function reservedInputType(value: unknown): Refusal | undefined {
  if (!INPUT_TYPES.has(value)) return undefined;
  return {
    message: `input type \`${String(value)}\` is reserved, not in this version`,
    help: "`type: file`, or ship what writes a file with it",
  };
}
