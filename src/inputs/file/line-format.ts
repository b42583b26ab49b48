// What a line of a format holds. Read into one object that is used again: nothing is made per line.

/** Of the lines that are not of the format, and of formats without streams: such a line is a record by itself. */
export const ALONE = 2;

export interface Line {
  /** first: a record begins with it, whatever is open. */
  place: "first" | "any";
  /** partial: the record goes on in the next line of the same stream. */
  part: "whole" | "partial";
  /** 0 or 1, or ALONE. */
  stream: number;
  /** Of the record's bytes: [from, to). */
  from: number;
  to: number;
  /** plain: they are the record as they stand. json: the inside of a JSON string, which is sound. */
  text: "plain" | "json";
  /** NaN: none. */
  time: number;
}

export interface LineFormat {
  /** lines: what is a record stands in the source as it is. wrapped: it is taken out of something. */
  readonly records: "lines" | "wrapped";
  /** How the parts of joined records are written. */
  readonly joined: Line["text"];
  /** What stands between the parts of a joined record. */
  readonly between: "nothing" | "line ends";
  /** Lines of a record at most. */
  readonly most: number;
  /** Reads bytes[from, to), a line without its \n. */
  read(bytes: Buffer, from: number, to: number, line: Line): void;
}

export function newLine(): Line {
  return { place: "any", part: "whole", stream: ALONE, from: 0, to: 0, text: "plain", time: NaN };
}

/** The line is the record. */
export function asItStands(line: Line, from: number, to: number): void {
  line.place = "any";
  line.part = "whole";
  line.stream = ALONE;
  line.from = from;
  line.to = to;
  line.text = "plain";
  line.time = NaN;
}

export const PLAIN: LineFormat = {
  records: "lines",
  joined: "plain",
  between: "nothing",
  most: Infinity,
  read(_bytes, from, to, line) {
    asItStands(line, from, to);
  },
};
