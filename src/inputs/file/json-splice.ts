// A record that the kernel calls sound, written without some of the members that it lists: they go, or move below `json` at
// its end. Copied in pieces from where the record was read.
import type { Members } from "../../kernel/members.ts";

export type MemberFate = "stays" | "goes" | "moves";

const COMMA = 44;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;
const JSON_NAME = Buffer.from('"json":{');
/** By so much moving makes a record longer at most: a comma, the name and a brace. */
export const MOVING_BYTES = JSON_NAME.length + 2;

/** The record that begins at source[base], written into `into` from `at` on; returns where it ends. */
export function splice(
  source: Buffer,
  base: number,
  found: Members,
  fates: readonly MemberFate[],
  into: Buffer,
  at: number,
): number {
  at = rest(source, base, found, fates, into, at);
  if (fates.includes("moves")) {
    if (into[at - 1] !== OPENING_BRACE) into[at++] = COMMA;
    at += JSON_NAME.copy(into, at);
    for (let i = 0; i < found.count; i++) {
      if (fates[i] !== "moves") continue;
      at += source.copy(into, at, base + found.key(i), base + found.valueEnd(i));
      into[at++] = COMMA;
    }
    into[at - 1] = CLOSING_BRACE;
  }
  into[at++] = CLOSING_BRACE;
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
  for (let i = 0; i < found.count; i++) {
    if (fates[i] === "stays") continue;
    at += source.copy(into, at, from, base + found.key(i));
    from = skipSpace(source, base + found.valueEnd(i));
    if (source[from] === COMMA) from++;
    else at = withoutComma(into, at);
  }
  return at + source.copy(into, at, from, base + found.end - 1);
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
