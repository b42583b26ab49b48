// Dead letters as text and as a document. A server's reason may quote the record: both are printed with care.
import { isUtf8 } from "node:buffer";
import type { Letter, LetterFacts } from "../buffer/letters.ts";
import { count } from "../core/figures.ts";
import { printable, printableLines } from "./printable.ts";
import { table } from "./table.ts";
import { version } from "./version.ts";

/** Characters of a reason in the list. */
const REASON = 200;

export function letterLines(letters: readonly LetterFacts[]): string[] {
  const rows = letters.map((letter) => {
    const where = `${letter.path}:${letter.offset}`;
    const reason = letter.reason.length > REASON ? `${letter.reason.slice(0, REASON)}...` : letter.reason;
    const answer = `${letter.status} ${letter.type}: ${reason}`;
    const when = new Date(letter.atMs).toISOString();
    return [String(letter.id), when, printable(letter.input), count(letter.bytes), printable(where), printable(answer)];
  });
  return table([["ID", "when", "input", "bytes", "path:offset", "answer"], ...rows], "><<><<");
}

export function wholeLetter(letter: Letter): string[] {
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

export function lettersDocument(directory: string, total: number, letters: readonly LetterFacts[]): unknown {
  return { version, path: directory, total, dead_letters: letters.map(facts) };
}

export function letterDocument(directory: string, letter: Letter): unknown {
  const { body } = letter;
  const utf8 = body !== null && isUtf8(body);
  return {
    version,
    path: directory,
    dead_letter: {
      ...facts(letter),
      body: body === null ? null : body.toString(utf8 ? "utf8" : "base64"),
      body_encoding: body === null ? null : utf8 ? "utf-8" : "base64",
    },
  };
}

function facts({ id, atMs, input, source, path, offset, bytes, index, status, type, reason }: LetterFacts): object {
  const at = new Date(atMs).toISOString();
  return { id, at, input, source, path, offset, bytes, index, status, type, reason };
}
