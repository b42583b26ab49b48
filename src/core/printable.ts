// Makes texts from a log or a server safe for a terminal: characters that would move the cursor, change colours or reorder text
// are shown as escapes. Invariant: printing such a text never controls the terminal.
import { isUtf8 } from "node:buffer";

/** Control characters, line and paragraph separators, marks that change the direction of writing. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === "\n") return String.raw`\n`;
    if (character === "\r") return String.raw`\r`;
    if (character === "\t") return String.raw`\t`;
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** The text line by line. If the bytes are not UTF-8, those outside of ASCII are shown as \xHH. */
export function printableLines(bytes: Buffer): readonly string[] {
  const text = isUtf8(bytes)
    ? bytes.toString("utf8")
    : bytes.toString("latin1").replace(/[\u0080-\u00ff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
  return text.split("\n").map(printable);
}
