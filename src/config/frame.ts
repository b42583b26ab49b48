// The faulty line of a text with a caret below, as a terminal shows it. What must hold: no secret is in it, carets stand
// below what they mean whatever the line has before it (tabs, wide characters, hidden values), and no control character
// reaches the terminal.
import { lineOf, position } from "./place.ts";
import type { Place } from "./place.ts";

/** Columns of a line that are shown at most: a secret-free window around the place. */
const WIDTH = 120;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Keys whose values are hidden in a text that could not be parsed, or that stand where they do not belong. */
const SECRET_KEY =
  /(?:pass|secret|token|credential|api[-_]?key)\w*["']?\s*[:=]\s*(?<value>"[^"]*"?|'[^']*'?|[^\s,}#][^,}#]*)/gi;
const URL_USER = /:\/\/(?<value>[^/\s"'@]+)@/g;

export interface Frame {
  readonly line: number;
  readonly text: string;
  readonly carets: string;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

export function frame(place: Place, hidden: readonly Place[], mark: "^" | "-"): Frame {
  const line = lineOf(place);
  const source = place.source.text ?? "";
  const spans = hiddenSpans(source.slice(line.from, line.to), line, place, hidden);
  const start = show(source, { from: line.from, to: place.from }, spans);
  const end = Math.min(Math.max(place.to, place.from + 1), line.to);
  const marked = show(source, { from: place.from, to: end }, spans);
  const whole = show(source, line, spans);
  const shift = Math.max(0, start.length - Math.floor(WIDTH / 3));
  const cut = whole.length > WIDTH ? shift : 0;
  const shown =
    whole.length > WIDTH ? `${cut > 0 ? "…" : ""}${whole.slice(cut + (cut > 0 ? 1 : 0), cut + WIDTH)}` : whole;
  const carets = " ".repeat(width(start) - cut) + mark.repeat(Math.max(1, Math.min(width(marked), WIDTH)));
  return { line: position(place).line, text: shown.trimEnd(), carets };
}

/** Offsets in the source that must not be shown, by rising start. */
function hiddenSpans(text: string, line: Span, place: Place, hidden: readonly Place[]): readonly Span[] {
  const known = hidden.filter(
    (one) => one.source.name === place.source.name && one.from < line.to && one.to > line.from,
  );
  const guessed = [SECRET_KEY, URL_USER].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      const value = match.groups?.["value"] ?? "";
      const from = line.from + match.index + match[0].indexOf(value, match[0].length - value.length - 1);
      return { from, to: from + value.trimEnd().length };
    }),
  );
  const inside = [...known, ...guessed].map((span) => ({
    from: Math.max(span.from, line.from),
    to: Math.min(span.to, line.to),
  }));
  return inside.toSorted((a, b) => a.from - b.from || b.to - a.to);
}

/** A part of the source as shown: hidden spans as ***, nothing that moves the cursor. */
function show(source: string, part: Span, hidden: readonly Span[]): string {
  let text = "";
  let at = part.from;
  for (const span of hidden) {
    if (span.to <= at || span.from >= part.to) continue;
    if (span.from >= at) text += `${source.slice(at, span.from)}***`;
    // A hidden value that began before this part has been shown by what stands before it.
    at = Math.min(span.to, part.to);
  }
  return (text + source.slice(at, part.to)).replace(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ");
}

function width(text: string): number {
  return [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);
}
