// Formats dead letters as text and as JSON. The server's reason may quote the record, so both are made printable.
import { isUtf8 } from "node:buffer";
import type { StoredDeadLetter, DeadLetterFacts } from "../../buffer/inspect/dead-letters.ts";
import { count } from "../../core/figures.ts";
import { printable, printableLines } from "../../core/printable.ts";
import { table } from "../terminal/table.ts";
import { version } from "../version.ts";

/** The list shows at most this many characters of a reason. */
const REASON = 200;

export function letterLines(letters: readonly DeadLetterFacts[]): string[] {
  const rows = letters.map((letter) => {
    const where = `${letter.path}:${letter.offset}`;
    const reason = letter.reason.length > REASON ? `${letter.reason.slice(0, REASON)}...` : letter.reason;
    const answer = `${letter.status} ${letter.type}: ${reason}`;
    const when = new Date(letter.atMs).toISOString();
    return [String(letter.id), when, printable(letter.input), count(letter.bytes), printable(where), printable(answer)];
  });
  return table([["ID", "when", "input", "bytes", "path:offset", "answer"], ...rows], "><<><<");
}

export function wholeLetter(letter: StoredDeadLetter): string[] {
  const { atMs, input, source, path, offset, bytes, index, status, type, reason, body } = letter;
  const facts: readonly (readonly [string, string])[] = [
    ["id", String(letter.id)],
    ["when", new Date(atMs).toISOString()],
    ["input", input],
    ["path", path],
    ["offset", `${offset} (_id ${source}-${offset})`],
    ["bytes", count(bytes)],
    ["index", index],
    ["status", String(status)],
    ["type", type],
    ["reason", reason],
  ];
  const head = table(
    facts.map(([name, value]) => [name, printable(value)]),
    "<<",
  );
  return body === null
    ? [...head, "", "without its body: too many waited to be stored"]
    : [...head, "", ...printableLines(body)];
}

export function lettersDocument(directory: string, total: number, letters: readonly DeadLetterFacts[]): unknown {
  return { version, path: directory, total, dead_letters: letters.map(facts) };
}

export function letterDocument(directory: string, letter: StoredDeadLetter): unknown {
  return { version, path: directory, dead_letter: letterFacts(letter) };
}

/** The facts of a letter, including its record. */
export function letterFacts(letter: StoredDeadLetter): object {
  const { body } = letter;
  const utf8 = body !== null && isUtf8(body);
  return {
    ...facts(letter),
    body: body === null ? null : body.toString(utf8 ? "utf8" : "base64"),
    body_encoding: body === null ? null : utf8 ? "utf-8" : "base64",
  };
}

function facts({ id, atMs, input, source, path, offset, bytes, index, status, type, reason }: DeadLetterFacts): object {
  const at = new Date(atMs).toISOString();
  return { id, at, input, source, path, offset, bytes, index, status, type, reason };
}
