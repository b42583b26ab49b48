// Styled text as data, so that lines can be laid out, cut and compared without escape sequences. Invariants: external text is
// made printable before it becomes a span, and a line is never wider than requested.
import { styleText } from "node:util";
import { printable } from "../../core/printable.ts";

export type Style = "plain" | "strong" | "dim" | "accept" | "block" | "sample" | "drop" | "fault";

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

const LOOKS: Readonly<Record<Exclude<Style, "plain">, Parameters<typeof styleText>[0]>> = {
  strong: "bold",
  dim: "dim",
  accept: "blue",
  block: "yellow",
  sample: "redBright",
  drop: ["magenta", "inverse"],
  fault: ["red", "bold"],
};

/** Control characters are escaped in all text, wherever it comes from. */
export function span(text: string, style: Style = "plain"): Span {
  return { text: printable(text), style };
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** Cuts a line to a width, and pads it to that width if `pad` is set. */
export function fit(line: Line, width: number, pad = false): Line {
  const cut: Span[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    cut.push({ text: text.slice(0, left), style });
    left -= Math.min(left, text.length);
  }
  if (pad && left > 0) cut.push({ text: " ".repeat(left), style: "plain" });
  return cut;
}

/** @param colours false: plain text, which carries the same information */
export function paint(line: Line, colours: boolean): string {
  const text = line.map(({ text, style }) => {
    return colours && style !== "plain" ? styleText(LOOKS[style], text, { validateStream: false }) : text;
  });
  return text.join("").trimEnd();
}
