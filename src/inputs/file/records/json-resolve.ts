// A JSON object whose members cannot stand in a document as they are, written anew so that they can: no name twice, none
// that a document has itself. Values are moved, never read. Every member is found again: at the top, with dots in its
// name where it shared an object with ours (`host.ip` beside `host`), or below `json`, where its path is the same.
import { levelIn } from "./json-level.ts";
import type { Ours } from "./json-ours.ts";
import { settleLevel, sift } from "./json-sift.ts";
import type { JsonTime } from "./json-time.ts";
import { isObject, type Member, type Members, readObject, type Value, writeObject } from "./json-tree.ts";

export interface Resolved {
  readonly text: string;
  /** NaN: none can be read. */
  readonly time: number;
  /** Index into LEVELS; -1: none is recognised. */
  readonly level: number;
}

const STAMP = "@timestamp";
const JSON_KEY = "json";

/** @param text valid JSON, an object  @returns undefined: it is too deep */
export function resolveObject(text: string, ours: Ours, time: JsonTime): Resolved | undefined {
  const members = readObject(text);
  if (members === undefined) return undefined;
  const level = levelIn(members);
  const at = takeTime(members, time);
  const kept: Members = new Map();
  const moved = sift(members, ours, { members, kept, key: "", name: "" });
  settleLevel(level, ours, moved, kept);
  return { text: writeObject(withMoved(kept, moved)), time: at, level };
}

/** The time, and `@timestamp` is taken out where it is that. */
function takeTime(members: Members, time: JsonTime): number {
  const value = time.field === undefined ? undefined : valueAt(members, time.field);
  const found = value === undefined ? NaN : read(value, (bytes) => time.read(bytes, 0, bytes.length));
  const stamp = members.get(STAMP)?.value;
  if (!Number.isNaN(found) || typeof stamp !== "string") return found;
  const own = read(stamp, (bytes) => time.readStamp(bytes, 0, bytes.length));
  if (!Number.isNaN(own)) members.delete(STAMP);
  return own;
}

function read(value: string, by: (bytes: Buffer) => number): number {
  return by(Buffer.from(value));
}

/** The first number or string at a path, whether its names are nested or dotted. */
function valueAt(members: Members, path: string): string | undefined {
  for (const [name, { value }] of members) {
    if (name === path && typeof value === "string" && /^["\d-]/.test(value)) return value;
    if (!isObject(value) || !path.startsWith(`${name}.`)) continue;
    const found = valueAt(value, path.slice(name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Own `json` stays where it is an object and shares no name with what is moved there. */
function withMoved(kept: Members, moved: Members): Members {
  const own: Member | undefined = kept.get(JSON_KEY);
  const value: Value = own && isObject(own.value) ? merged(own.value, moved, own) : withOwn(moved, own);
  if (isObject(value) && value.size > 0) kept.set(JSON_KEY, { key: JSON_KEY, value });
  return kept;
}

function merged(own: Members, moved: Members, member: Member): Members {
  return [...moved.keys()].some((name) => own.has(name)) ? withOwn(moved, member) : new Map([...own, ...moved]);
}

function withOwn(moved: Members, own: Member | undefined): Members {
  return own === undefined ? moved : moved.set(JSON_KEY, own);
}
