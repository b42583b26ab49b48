// Renders the faulty line of a file with carets below, for a terminal. Invariants: it shows no secret; the carets are below
// the faulty text even after tabs, wide characters or hidden values; no control character reaches the terminal.
import { lineOf, position } from "../yaml/place.ts";
import type { Place } from "../yaml/place.ts";

/** Long lines are cut to a window of this many columns around the place. */
const WIDTH = 120;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Matches secrets by their keys, for text that could not be parsed and for keys in the wrong section. */
const SECRET_KEY =
  /(?:pass|phrase|secret|token|credential|api[-_]?key|notify|bearer|authorization|cookie|headers)\w*["']?\s*[:=]\s*(?<value>"[^"]*"?|'[^']*'?|\[[^\]]*\]?|[^\s,}#][^,}#]*)/gi;
/** Matches `://user:password@`, also with one slash, and `user:password@` where the scheme was forgotten. */
const URL_USER = /(?:\/\/|:\/|(?:^|["'\s[,])(?=[^/\s"'@,[\]]+:))(?<value>[^/\s"'@,[\]]+)@/g;

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

/** The spans of the source that must not be shown, by ascending start. */
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

/** A part of the source for display: hidden spans become ***, and characters that move the cursor become spaces. */
function show(source: string, part: Span, hidden: readonly Span[]): string {
  let text = "";
  let at = part.from;
  for (const span of hidden) {
    if (span.to <= at || span.from >= part.to) continue;
    if (span.from >= at) text += `${source.slice(at, span.from)}***`;
    // A hidden span that began before this part is already shown as *** in the text before.
    at = Math.min(span.to, part.to);
  }
  return (text + source.slice(at, part.to)).replace(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ");
}

function width(text: string): number {
  return [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);
}
