// Rewrites a record that the kernel calls sound, without some of its listed members: they are left out, or moved below `json` at
// the record's end. Pieces are copied from where the record was read. The record's beginning is already in place.
import type { Members } from "../../../../kernel/members.ts";
import type { Overlap } from "./partition.ts";

export type MemberFate = "stays" | "goes" | "moves";

const COMMA = 44;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;
const JSON_NAME = Buffer.from('"json":{');
/** The most bytes that moving adds to a record: a comma, the name and a brace. */
export const MOVING_BYTES = JSON_NAME.length + 2;
/** Below this, a loop is faster than a call of `copy`. */
const FEW_BYTES = 24;

/**
 * Rewrites the record that begins at source[base] and whose bytes are also in `into` at `at`. Adds the members of `shared`.
 * Returns the end of the record in `into`.
 */
export function splice(
  source: Buffer,
  base: number,
  found: Members,
  fates: readonly MemberFate[],
  shared: Overlap,
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

/** Writes a comma before a member, unless it is the first of its object. */
function comma(into: Buffer, at: number): number {
  if (into[at - 1] !== OPENING_BRACE) into[at++] = COMMA;
  return at;
}

/** Copies the members that stay, without the closing brace. */
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

/** Drops the comma before a last member that was removed. */
function withoutComma(into: Buffer, at: number): number {
  while ((into[at - 1] as number) <= 32) at--;
  return into[at - 1] === COMMA ? at - 1 : at;
}
