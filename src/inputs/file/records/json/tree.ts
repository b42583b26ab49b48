// Parses JSON text into a tree that keeps every value as written: numbers are not converted, so none is rounded. If an object has
// a name twice, the last one wins, as with JSON.parse.

/** A scalar as written, an array, or an object. */
export type Value = string | readonly Value[] | Members;
/** By name. */
export type Members = Map<string, Member>;
export interface Member {
  /** The name as written, without its quotes. */
  readonly key: string;
  readonly value: Value;
}

/** Deeper objects are shipped as text: the server takes 20 levels, and the recursion needs a limit. */
export const MOST_DEPTH = 128;

/** Parses valid JSON whose outermost value is an object; undefined: it is too deep. */
export function readObject(text: string): Members | undefined {
  const cursor = { text, at: text.indexOf("{") };
  const value = readValue(cursor, 0);
  return value instanceof Map ? value : undefined;
}

export function isObject(value: Value | undefined): value is Members {
  return value instanceof Map;
}

export function isString(value: Value): value is string {
  return typeof value === "string" && value.startsWith('"');
}

export function writeObject(members: Members): string {
  let text = "";
  for (const { key, value } of members.values()) text += `${text === "" ? "{" : ","}"${key}":${writeValue(value)}`;
  return text === "" ? "{}" : `${text}}`;
}

export function writeValue(value: Value): string {
  if (typeof value === "string") return value;
  return isObject(value) ? writeObject(value) : `[${value.map(writeValue).join(",")}]`;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads the value at the cursor; undefined: it is too deep. */
function readValue(cursor: Cursor, depth: number): Value | undefined {
  const first = cursor.text[cursor.at];
  if (first === '"') return readString(cursor);
  if (first !== "{" && first !== "[") return readWord(cursor);
  if (depth === MOST_DEPTH) return undefined;
  cursor.at++;
  return first === "{" ? readMembers(cursor, depth + 1) : readElements(cursor, depth + 1);
}

function readMembers(cursor: Cursor, depth: number): Members | undefined {
  const members: Members = new Map();
  while (!isOver(cursor, "}")) {
    const key = readString(cursor).slice(1, -1);
    toNext(cursor, ":");
    const value = readValue(cursor, depth);
    if (value === undefined) return undefined;
    members.set(key.includes("\\") ? (JSON.parse(`"${key}"`) as string) : key, { key, value });
  }
  return members;
}

function readElements(cursor: Cursor, depth: number): readonly Value[] | undefined {
  const elements: Value[] = [];
  while (!isOver(cursor, "]")) {
    const value = readValue(cursor, depth);
    if (value === undefined) return undefined;
    elements.push(value);
  }
  return elements;
}

/** Whether the open object or array ends here. If not, the cursor is at its next member or element. */
function isOver(cursor: Cursor, end: string): boolean {
  toNext(cursor, ",");
  if (cursor.text[cursor.at] !== end) return false;
  cursor.at++;
  return true;
}

/** Skips white space and `mark`. */
function toNext(cursor: Cursor, mark: string): void {
  const { text } = cursor;
  while (text[cursor.at] === mark || text.charCodeAt(cursor.at) <= 32) cursor.at++;
}

function readString(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at + 1;
  for (let code = text.charCodeAt(end); code !== 34; code = text.charCodeAt(end)) end += code === 92 ? 2 : 1;
  cursor.at = end + 1;
  return text.slice(at, end + 1);
}

/** A number, true, false or null. */
function readWord(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  for (let code = text.charCodeAt(end); isOfWord(code); code = text.charCodeAt(end)) end++;
  cursor.at = end;
  return text.slice(at, end);
}

function isOfWord(code: number): boolean {
  return code > 32 && code !== 44 && code !== 93 && code !== 125;
}
