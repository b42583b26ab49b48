// Characters for drawing charts in a terminal: ASCII works everywhere, block characters need a UTF-8 locale.

export interface Glyphs {
  readonly bar: string;
  readonly mark: string;
  readonly side: string;
  readonly corner: string;
  readonly floor: string;
}

export const ASCII: Glyphs = { bar: "#", mark: "-", side: "|", corner: "+", floor: "-" };
export const BLOCKS: Glyphs = { bar: "█", mark: "╌", side: "│", corner: "└", floor: "─" };

export function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) && env["TERM"] !== "dumb" ? BLOCKS : ASCII;
}
