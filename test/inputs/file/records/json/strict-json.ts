// JSON as a strict server parses it, for tests: no name twice on any level, and every value as it is written.
import assert from "node:assert/strict";

/** A scalar or a whole array as text, without its white space; or an object. */
export type Strict = string | Map<string, Strict>;

/** @param twice what happens with a name that occurs twice in its object */
export function strict(text: string, twice: "refused" | "last" = "refused"): Strict {
  JSON.parse(text);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  let at = 0;
  const value = (): Strict => {
    const token = tokens[at++] as string;
    if (token === "[") return array();
    if (token !== "{") return token;
    const members = new Map<string, Strict>();
    while (tokens[at] !== "}") {
      if (tokens[at] === ",") at++;
      const name = JSON.parse(tokens[at] as string) as string;
      at += 2;
      assert.ok(twice === "last" || !members.has(name), `${JSON.stringify(name)} twice in ${text}`);
      members.set(name, value());
    }
    at++;
    return members;
  };
  const array = (): string => {
    const elements: string[] = [];
    while (tokens[at] !== "]") {
      if (tokens[at] === ",") at++;
      elements.push(written(value()));
    }
    at++;
    return `[${elements.join(",")}]`;
  };
  return value();
}

function written(value: Strict): string {
  if (typeof value === "string") return value;
  return `{${Array.from(value, ([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`).join(",")}}`;
}

/** Every value except objects with members, by its dotted path. A path may occur more than once. */
export function leaves(value: Strict, path?: string): readonly (readonly [path: string, value: string])[] {
  if (typeof value === "string" || (value.size === 0 && path !== undefined)) return [[path ?? "", written(value)]];
  return [...value].flatMap(([name, inner]) => leaves(inner, path === undefined ? name : `${path}.${name}`));
}
