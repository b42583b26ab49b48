// Decides in plain code whether a record is a JSON object whose members can go into a document. JSON.parse checks validity; the
// tokens decide the rest.
import type { Listed } from "../../src/kernel/members.ts";
import { level } from "./level.reference.ts";

export interface Member {
  readonly what: Listed;
  readonly member: string;
}
/** undecided: there is a reason to leave the record undecided, whatever else it contains. */
export type Found =
  | { readonly verdict: "other" | "invalid" | "undecided" }
  | {
      readonly verdict: "sound";
      readonly text: string;
      readonly level: number;
      readonly field: string;
      listed: Member[];
    };

interface Frame {
  readonly names: Set<string>;
  readonly array: boolean;
  /** Names and array marks up to here. */
  readonly path: string;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

export function object(record: Uint8Array, ours: readonly string[], field: string): Found {
  const bytes = Buffer.from(record);
  const text = bytes.toString();
  if (!/^[ \t\r\n]*\{/.test(text)) return { verdict: "other" };
  if (!bytes.equals(Buffer.from(text))) return { verdict: "undecided" };
  try {
    JSON.parse(text);
  } catch {
    return { verdict: "invalid" };
  }
  return walk(text, ours, field);
}

function walk(text: string, ours: readonly string[], field: string): Found {
  const frames: Frame[] = [];
  const listed: Member[] = [];
  let [name, key, time, open] = ["", "", "", ""];
  let near = false;
  let start = 0;
  const tokens = [...text.matchAll(TOKEN)];
  for (const [i, { 0: token, index }] of tokens.entries()) {
    const frame = frames.at(-1);
    if (token === "," || token === ":") continue;
    if (tokens[i + 1]?.[0] === ":" && frame && !frame.array) {
      if (token.includes("\\")) return { verdict: "undecided" };
      name = token.slice(1, -1);
      if (frame.names.has(name) || frame.names.size === 256) return { verdict: "undecided" };
      frame.names.add(name);
      const value = tokens[i + 2]?.[0] ?? "";
      if (frames.length > 1) continue;
      if (name === "json") return { verdict: "undecided" };
      key = meaning(name, ours);
      near ||= key === "near";
      if (key === "free" || key === "near") continue;
      if (listed.length === 8) return { verdict: "undecided" };
      open = name === "@timestamp" && /^["\d-]/.test(value) ? "stamp" : "other";
      if (name === "log.level" && value.startsWith('"')) open = "level";
      if (key === "inner" && value === "{") open = "shared";
      start = index;
      continue;
    }
    const path = frame === undefined ? "" : frame.array ? `${frame.path}[]` : frame.path + name;
    if (token === "{" || token === "[") {
      if (frames.length === 128) return { verdict: "undecided" };
      frames.push({ names: new Set(), array: token === "[", path: frame === undefined ? "" : `${path}.` });
      continue;
    }
    if (token === "}" || token === "]") frames.pop();
    else if (field !== "" && path === field && time === "" && /^["\d-]/.test(token)) time = token;
    if (frames.length > 1 || open === "") continue;
    listed.push({ what: open as Listed, member: text.slice(start, index + token.length) });
    open = "";
  }
  // The member `ip` of `host` would conflict with `host.ip`.
  if (near && listed.some(({ what }) => what === "shared")) return { verdict: "undecided" };
  return { verdict: "sound", text: text.trim(), level: level(Buffer.from(text)), field: time, listed };
}

function meaning(path: string, ours: readonly string[]): string {
  if (ours.some((own) => path === own || path.startsWith(`${own}.`))) return "leaf";
  if (ours.some((own) => own.startsWith(`${path}.`))) return "inner";
  const [first] = path.split(".");
  return path !== first && ours.some((own) => own.startsWith(`${first}.`)) ? "near" : "free";
}
