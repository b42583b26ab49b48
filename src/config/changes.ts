// Finds the options that differ between two configurations, for the log line of a reload and to decide what a reload changes.
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../core/options.ts";

/** Differences that are no option themselves: they are reported as this one. */
const REPORTED_AS: Readonly<Record<string, string>> = { "output.tls.contents": "output.tls" };

type Options = Readonly<Record<string, unknown>>;

/** Options that are reported as a whole, although they may be objects here. */
const WHOLE: ReadonlySet<string> = new Set(["admin.listen", "output.auth", "output.proxy"]);

/** The paths of the options that differ, as in the file: `buffer.max_age`. In a path an input is named by its id. */
export function changes(before: Config, after: Config): readonly string[] {
  return differences("", byId(before), byId(after));
}

function byId(config: Config): Options {
  return { ...config, inputs: Object.fromEntries(config.inputs.map((input) => [input.id, input])) };
}

function differences(path: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (WHOLE.has(path) || !isSection(before) || !isSection(after)) return [REPORTED_AS[path] ?? path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const below = path === "" ? name : `${path}.${isOption(path) ? snake(name) : name}`;
    return differences(below, before[name], after[name]);
  });
}

/** False below the sections in which the user chooses the names. */
function isOption(path: string): boolean {
  return !["inputs", "policies", "buffer.shares", "output.headers"].includes(path) && !path.endsWith(".fields");
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function isSection(value: unknown): value is Options {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
