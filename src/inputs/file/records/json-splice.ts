// A record that the kernel calls sound, written without some of the members that it lists: they go, or move below `json` at
// its end. Pieces are copied from where the record was read; its beginning is in its place already.
import type { Members } from "../../../kernel/members.ts";
import type { Shared } from "./json-share.ts";

export type MemberFate = "stays" | "goes" | "moves";

const COMMA = 44;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;
const JSON_NAME = Buffer.from('"json":{');
/** By so much moving makes a record longer at most: a comma, the name and a brace. */
export const MOVING_BYTES = JSON_NAME.length + 2;
/** Below this a loop is faster than a call. */
const FEW_BYTES = 24;

/**
 * The record that begins at source[base], whose bytes stand in `into` at `at` as well, with what stays and what moves of
 * objects that are shared; returns where it ends there.
 */
export function splice(
  source: Buffer,
  base: number,
  found: Members,
  fates: readonly MemberFate[],
  shared: Shared,
  into: Buffer,
  at: number,
): number {
  at = rest(source, base, found, fates, into, at);
  at = append(shared.kept, into, at);
  let moved = shared.moved === "" ? 0 : 1;
  if (moved > 0) at = append(shared.moved, into, openJson(into, at));
  for (let i = 0; i < found.count; i++) {
    if (fates[i] !== "moves") continue;
    at = moved++ === 0 ? openJson(into, at) : comma(into, at);
    at = copy(source, base + found.key(i), base + found.valueEnd(i), into, at);
  }
  if (moved > 0) into[at++] = CLOSING_BRACE;
  into[at++] = CLOSING_BRACE;
  return at;
}

function append(members: string, into: Buffer, at: number): number {
  if (members === "") return at;
  at = comma(into, at);
  return at + into.write(members, at);
}

function openJson(into: Buffer, at: number): number {
  at = comma(into, at);
  return copy(JSON_NAME, 0, JSON_NAME.length, into, at);
}

/** Before a member, unless it is the first of its object. */
function comma(into: Buffer, at: number): number {
  if (into[at - 1] !== OPENING_BRACE) into[at++] = COMMA;
  return at;
}

/** What stays, without the closing brace. */
function rest(
  source: Buffer,
  base: number,
  found: Members,
  fates: readonly MemberFate[],
  into: Buffer,
  at: number,
): number {
  let from = base + found.start;
  let place: "as read" | "moved" = found.start === 0 ? "as read" : "moved";
  for (let i = 0; i < found.count; i++) {
    if (fates[i] === "stays") continue;
    const key = base + found.key(i);
    if (place === "as read") at += key - from;
    else at = copy(source, from, key, into, at);
    place = "moved";
    from = skipSpace(source, base + found.valueEnd(i));
    if (source[from] === COMMA) from++;
    else at = withoutComma(into, at);
  }
  return copy(source, from, base + found.end - 1, into, at);
}

function copy(source: Buffer, from: number, to: number, into: Buffer, at: number): number {
  if (to - from >= FEW_BYTES) return at + source.copy(into, at, from, to);
  while (from < to) into[at++] = source[from++] as number;
  return at;
}

function skipSpace(source: Buffer, at: number): number {
  while ((source[at] as number) <= 32) at++;
  return at;
}

/** The last member is gone: what stands before it ends what stays. */
function withoutComma(into: Buffer, at: number): number {
  while ((into[at - 1] as number) <= 32) at--;
  return into[at - 1] === COMMA ? at - 1 : at;
}
