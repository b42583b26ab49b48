// Texts that came from a log or a server, for a terminal: what would move the cursor, change its colours or reorder what
// stands there is shown as an escape. What must hold: printing never does more than print.
import { isUtf8 } from "node:buffer";

/** Controls, line and paragraph separators, marks that change the direction of writing. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** On one line. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === "\n") return String.raw`\n`;
    if (character === "\r") return String.raw`\r`;
    if (character === "\t") return String.raw`\t`;
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Line by line. Of what is not UTF-8, the bytes that are not ASCII are shown by their numbers. */
export function printableLines(bytes: Buffer): readonly string[] {
  const text = isUtf8(bytes)
    ? bytes.toString("utf8")
    : bytes.toString("latin1").replace(/[\u0080-\u00ff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
  return text.split("\n").map(printable);
}
