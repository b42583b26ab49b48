// Places in a configuration file, to which faults point. Positions are UTF-16 offsets into the text. Lines and columns
// (1-based, in characters, a tab counts as one) are computed only for display.

/** The text of a configuration file, or of the `--set` options (one per line). */
export interface Source {
  /** As the user named it. */
  readonly name: string;
  /** Undefined if the file could not be read. */
  readonly text: string | undefined;
}

export interface Place {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function position(place: Place): Position {
  const before = (place.source.text ?? "").slice(0, place.from);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(start)].length + 1 };
}

/** Offsets of the line in which `place` begins, without the line break. */
export function lineOf(place: Place): { readonly from: number; readonly to: number } {
  const text = place.source.text ?? "";
  const from = text.lastIndexOf("\n", place.from - 1) + 1;
  const end = text.indexOf("\n", place.from);
  const to = end < 0 ? text.length : end;
  return { from, to: text[to - 1] === "\r" && to > from ? to - 1 : to };
}

/** `file:line:column`, or just the name of a file that could not be read. */
export function placeText(place: Place): string {
  if (place.source.text === undefined) return place.source.name;
  const { line, column } = position(place);
  return `${place.source.name}:${line}:${column}`;
}
