// Rewrites a JSON object whose members a document cannot take as they are. The result has no duplicate names and none of the
// document's own. Values are moved, never parsed. Every member stays findable: at the top, under a dotted name if the document
// has its enclosing object, too (`host.ip` beside `host`), or below `json` under the same path.
import { levelIn } from "./level.ts";
import type { ReservedFields } from "./reserved-fields.ts";
import { settleLevel, partition } from "./partition.ts";
import { type JsonTime, textOf } from "./time.ts";
import { isObject, type Member, type Members, readObject, type Value, writeObject, writeValue } from "./tree.ts";

export interface Resolved {
  readonly text: string;
  /** NaN: the record has no readable time. */
  readonly time: number;
  /** Index into LEVELS; -1: none is recognised. */
  readonly level: number;
}

const STAMP = "@timestamp";
const JSON_KEY = "json";
/** Below `json`: the text of an own `@timestamp` that is no time. */
const UNREAD = "timestamp_error";

/** @param text valid JSON, an object  @returns undefined: it is too deep */
export function resolveObject(text: string, reserved: ReservedFields, time: JsonTime): Resolved | undefined {
  const members = readObject(text);
  if (members === undefined) return undefined;
  const level = levelIn(members);
  const at = takeTime(members, time);
  const unread = takeUnread(members, time);
  const kept: Members = new Map();
  const moved = partition(members, reserved, { members, kept, key: "", name: "" });
  settleLevel(level, reserved, moved, kept);
  if (unread !== undefined) moved.set(UNREAD, unread);
  return { text: writeObject(withMoved(kept, moved)), time: at, level };
}

/** The record's time. Removes `@timestamp` if that is the time. */
function takeTime(members: Members, time: JsonTime): number {
  const value = time.field === undefined ? undefined : valueAt(members, time.field);
  const found = value === undefined ? NaN : read(value, (bytes) => time.read(bytes, 0, bytes.length));
  const stamp = members.get(STAMP)?.value;
  if (!Number.isNaN(found) || typeof stamp !== "string") return found;
  const own = read(stamp, (bytes) => time.readStamp(bytes, 0, bytes.length));
  if (!Number.isNaN(own)) members.delete(STAMP);
  return own;
}

/**
 * Removes an own `@timestamp` that is no date, and returns it as a text that the server does not take for a date either. Under
 * its own name, one record would map the field as a date, and the server would refuse a later one with a text for good.
 */
function takeUnread(members: Members, time: JsonTime): Member | undefined {
  const stamp = members.get(STAMP);
  if (stamp === undefined) return undefined;
  const { value } = stamp;
  if (typeof value === "string" && read(value, (bytes) => (time.isDate(bytes, 0, bytes.length) ? 1 : 0)) === 1)
    return undefined;
  members.delete(STAMP);
  const text = typeof value === "string" ? textOf(value) : writeValue(value);
  return { key: UNREAD, value: JSON.stringify(`cannot be read: ${text}`) };
}

function read(value: string, by: (bytes: Buffer) => number): number {
  return by(Buffer.from(value));
}

/** The first number or string at a path, with nested or dotted names. */
export function valueAt(members: Members, path: string): string | undefined {
  for (const [name, { value }] of members) {
    if (name === path && typeof value === "string" && /^["\d-]/.test(value)) return value;
    if (!isObject(value) || !path.startsWith(`${name}.`)) continue;
    const found = valueAt(value, path.slice(name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Puts moved members below `json`. The record's own `json` stays if it is an object and shares no name with them. */
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
